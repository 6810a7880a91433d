"""The columns a file may have, per kind of import, and the headers people give them."""

from typing import Literal

import msgspec

Kind = Literal["orders", "members", "products", "events", "refunds"]
Parse = Literal["text", "phone", "instant", "fen", "count", "channel"]

KINDS: tuple[Kind, ...] = ("orders", "members", "products", "events", "refunds")


class Column(msgspec.Struct, frozen=True):
    """One canonical column: how its cells are read, an example, what else people call it, whether it is needed."""

    name: str
    parse: Parse
    zh: str
    example: str
    also: str = ""
    required: bool = False

    @property
    def synonyms(self) -> list[str]:
        return self.also.split()


class Shape(msgspec.Struct, frozen=True):
    """One kind of file: its columns, what further columns become, and the column that groups rows into one.

    `either`: at least one of these must be filled.
    """

    kind: Kind
    columns: tuple[Column, ...]
    further: Literal["ignored", "attributes", "properties"] = "ignored"
    groups_by: str | None = None
    either: tuple[str, ...] = ()

    def column(self, name: str) -> Column | None:
        return next((column for column in self.columns if column.name == name), None)


def _needed(column: Column, more: str = "") -> Column:
    return msgspec.structs.replace(column, required=True, also=f"{column.also} {more}")


_ORDER_ID = Column(
    "order_id", "text", "订单号", "SO-1001",
    "订单编号 单号 小票号 交易号 流水号 订单id order orderno ordernumber ordersn basketid invoiceno transactionid "
    "receiptno orderref", required=True,
)  # fmt: skip
_OCCURRED_AT = Column(
    "occurred_at", "instant", "发生时间", "2026-03-08 14:05:00",
    "下单时间 付款时间 支付时间 消费时间 成交时间 交易时间 订单时间 退款时间 事件时间 时间 日期 "
    "orderdate ordertime paidat paytime transactiontimestamp invoicedate refundedat "
    "eventtime createdat createtime datetime timestamp date time",
    required=True,
)  # fmt: skip
_MEMBER_ID = Column(
    "member_id", "text", "会员号", "M-0001",
    "会员编号 会员id 会员卡号 卡号 客户编号 客户id 顾客编号 用户id 用户编号 customerid customer userid memberno cardno "
    "householdid uid buyerid 客户号 顾客号 顾客id 买家id openid unionid external externalid customerno membernumber customernumber "
    "clientid accountid membercode customercode",
)  # fmt: skip
_PHONE = Column(
    "phone", "phone", "手机号", "13900000001",
    "手机 手机号码 电话 联系电话 会员手机 会员手机号 mobile mobilephone phonenumber tel cellphone",
)  # fmt: skip
_STORE_ID = Column(
    "store_id", "text", "门店编号", "sh-jingan",
    "门店代码 门店id 店铺编号 门店 店铺 门店名称 分店 store storecode shop shopid branch outlet",
)  # fmt: skip
_CHANNEL = Column("channel", "channel", "渠道", "pos", "来源渠道 销售渠道 下单渠道 平台 platform saleschannel")
_SKU = Column(
    "sku", "text", "商品编码", "FY-SERUM-30",
    "货号 商品编号 商品id 条码 款号 商品货号 规格编码 productid itemid skuid skucode barcode itemcode stockcode",
)  # fmt: skip
_QUANTITY = Column("quantity", "count", "数量", "1", "件数 商品数量 购买数量 销售数量 qty count units num")
_AMOUNT = Column(
    "amount", "fen", "实付金额", "199.00",
    "实付 实收金额 实收 付款金额 支付金额 成交金额 退款金额 净额 金额 小计 销售额 应付金额 "
    "netamount paidamount paid refundamount "
    "salesvalue linetotal totalamount total subtotal revenue dollars", required=True,
)  # fmt: skip
_PRODUCT = Column(
    "product", "text", "商品名称", "玻尿酸精华 30ml", "商品名 品名 商品 名称 productname itemname title description"
)
_CATEGORY = Column(
    "category", "text", "品类", "精华", "类目 分类 商品分类 类别 商品类目 productcategory department cat"
)
_BRAND = Column("brand", "text", "品牌", "芙颜", "商品品牌 brandname vendor")
_SOURCE = Column("source", "text", "来源系统", "erp", "系统来源 sourcesystem")
_LIST = Column(
    "list_amount", "fen", "原价金额", "239.00", "原价 吊牌价 标价金额 应收金额 listprice grossamount originalamount"
)
_DISCOUNT = Column("discount", "fen", "优惠金额", "40.00", "优惠 折扣 折扣金额 减免 让利 discountamount rebate")
_COUPON = Column("coupon_code", "text", "优惠券码", "", "券码 优惠券 优惠码 coupon couponid promocode")
_PAYMENT = Column(
    "payment_method", "text", "支付方式", "wechat", "付款方式 支付渠道 收款方式 payment paymethod paytype tender"
)

SHAPES: dict[Kind, Shape] = {
    "orders": Shape(
        "orders",
        (
            _ORDER_ID, _OCCURRED_AT, _MEMBER_ID, _STORE_ID, _CHANNEL, _SKU, _QUANTITY, _AMOUNT, _PHONE, _PRODUCT,
            _CATEGORY, _BRAND, _LIST, _DISCOUNT, _COUPON, _PAYMENT, _SOURCE,
        ),
        groups_by="order_id",
    ),
    "members": Shape(
        "members",
        (
            msgspec.structs.replace(_MEMBER_ID, also=f"{_MEMBER_ID.also} 编号 id"),
            _PHONE,
            Column(
                "name", "text", "姓名", "林晓芙",
                "会员姓名 名字 会员名 客户姓名 顾客姓名 昵称 fullname membername customername nickname",
            ),
            Column(
                "joined_at", "instant", "入会时间", "2025-05-20",
                "注册时间 入会日期 开卡时间 加入时间 注册日期 registeredat signupdate joindate createdat",
            ),
        ),
        "attributes",
        either=("member_id", "phone"),
    ),
    "products": Shape(
        "products",
        (
            _needed(_SKU), _PRODUCT, _CATEGORY, _BRAND,
            Column("price", "fen", "售价", "239.00", "价格 单价 零售价 标价 unitprice retailprice"),
        ),
    ),
    "events": Shape(
        "events",
        (
            Column("event_id", "text", "事件编号", "E-1", "事件id 行为编号 eventno id", required=True),
            _OCCURRED_AT, _MEMBER_ID,
            Column(
                "event", "text", "事件", "view",
                "行为 事件名 事件类型 行为类型 eventname eventtype action", required=True
            ),
            _PHONE, _STORE_ID, _CHANNEL, _SOURCE,
        ),
        "properties",
        either=("member_id", "phone"),
    ),
    "refunds": Shape(
        "refunds",
        (
            Column(
                "refund_id", "text", "退款单号", "RF-1",
                "退款编号 退款id 售后单号 退单号 退货单号 refundno returnid rma",
                required=True,
            ),
            _needed(_ORDER_ID, "原订单号 原单号"), _OCCURRED_AT, _AMOUNT, _SKU, _QUANTITY, _SOURCE,
        ),
        groups_by="refund_id",
    ),
}  # fmt: skip
