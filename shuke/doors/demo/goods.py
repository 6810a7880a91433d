"""What 芙颜 sells: categories with their cycles and seasons, products with prices in fen. All brands are invented."""

from __future__ import annotations

from dataclasses import dataclass

BRANDS = ("芙颜", "青屿", "拾光集", "慕芮", "白榆", "澄野")


@dataclass(frozen=True, slots=True)
class Category:
    """One category: how often it is bought again (days), how much of the trade it is, and its seasons by month."""

    name: str
    cycle_days: int
    weight: float
    months: tuple[float, ...]
    only_store: bool = False


@dataclass(frozen=True, slots=True)
class Product:
    """One product as the catalogue has it."""

    sku: str
    name: str
    category: str
    brand: str
    price_fen: int
    appeal: float


_EVEN = (1.0,) * 12
_SUMMER = (0.3, 0.4, 0.8, 1.3, 1.9, 2.2, 2.2, 1.9, 1.1, 0.6, 0.3, 0.3)
_WINTER = (1.5, 1.4, 1.1, 0.9, 0.8, 0.7, 0.6, 0.7, 0.9, 1.2, 1.4, 1.5)
_GIFTS = (1.2, 1.5, 1.3, 0.8, 1.2, 0.9, 0.8, 1.3, 0.9, 0.9, 1.1, 1.4)

CATEGORIES = (
    Category("洁面", 70, 1.1, _EVEN),
    Category("化妆水", 80, 1.0, _EVEN),
    Category("精华", 75, 1.5, _WINTER),
    Category("面霜", 85, 1.1, _WINTER),
    Category("面膜", 30, 1.7, _EVEN),
    Category("防晒", 75, 1.1, _SUMMER),
    Category("眼部护理", 100, 0.7, _EVEN),
    Category("底妆", 120, 0.9, _EVEN),
    Category("口红", 60, 1.2, _GIFTS),
    Category("眼妆", 110, 0.6, _EVEN),
    Category("香氛", 160, 0.5, _GIFTS),
    Category("身体护理", 65, 0.9, _EVEN),
    Category("美容工具", 140, 0.4, _GIFTS),
    Category("护理服务", 35, 0.8, _EVEN, only_store=True),
)

_ROWS = """
CLEAN-01 氨基酸温和洁面乳 120g|洁面|芙颜|8900|3
CLEAN-02 清爽控油洁面泡沫 150ml|洁面|青屿|7900|2
CLEAN-03 山茶花卸妆油 200ml|洁面|慕芮|16800|1.6
CLEAN-04 敏肌卸妆膏 90g|洁面|白榆|13900|1.2
TONER-01 玫瑰舒缓化妆水 200ml|化妆水|芙颜|12900|2.6
TONER-02 酵萃平衡精粹水 150ml|化妆水|慕芮|26900|1.4
TONER-03 积雪草修护喷雾 120ml|化妆水|白榆|9900|1.8
TONER-04 绿茶清润爽肤水 250ml|化妆水|青屿|8900|1.6
SERUM-01 玻尿酸保湿精华 30ml|精华|芙颜|23900|3
SERUM-02 烟酰胺亮肤精华 30ml|精华|芙颜|26900|2.4
SERUM-03 双重胜肽紧致精华 30ml|精华|慕芮|45900|1.2
SERUM-04 维C焕亮安瓶 7支装|精华|拾光集|19900|1.6
SERUM-05 神经酰胺修护精华 50ml|精华|白榆|32900|1.5
CREAM-01 角鲨烷滋润面霜 50g|面霜|芙颜|21900|2.4
CREAM-02 轻盈保湿凝霜 50g|面霜|青屿|15900|2
CREAM-03 胜肽紧致晚霜 50g|面霜|慕芮|49900|1
CREAM-04 屏障修护面霜 60g|面霜|白榆|27900|1.6
MASK-01 玻尿酸补水面膜 10片|面膜|芙颜|9900|3.4
MASK-02 烟酰胺亮肤面膜 10片|面膜|芙颜|11900|2.4
MASK-03 火山泥清洁面膜 100g|面膜|青屿|8900|1.6
MASK-04 胶原蛋白睡眠面膜 80g|面膜|拾光集|13900|1.5
MASK-05 修护次抛面膜 5片|面膜|白榆|16900|1.2
SUN-01 清透防晒乳 SPF50 50ml|防晒|芙颜|14900|3
SUN-02 水感防晒喷雾 150ml|防晒|青屿|11900|2
SUN-03 物理防晒霜 SPF30 40ml|防晒|白榆|16900|1.3
SUN-04 防晒粉饼 10g|防晒|拾光集|18900|0.8
EYE-01 咖啡因淡纹眼霜 15g|眼部护理|芙颜|19900|2
EYE-02 胜肽紧致眼精华 15ml|眼部护理|慕芮|36900|1.1
EYE-03 舒缓眼膜 60片|眼部护理|青屿|12900|1.4
BASE-01 柔雾持妆粉底液 30ml|底妆|拾光集|21900|2
BASE-02 水润气垫 13g|底妆|芙颜|18900|2.2
BASE-03 隔离妆前乳 30ml|底妆|青屿|12900|1.4
BASE-04 定妆散粉 8g|底妆|澄野|15900|1.3
LIP-01 丝绒哑光口红 3.5g|口红|拾光集|15900|2.6
LIP-02 镜面唇釉 4g|口红|拾光集|12900|2.4
LIP-03 滋润变色唇膏 3g|口红|芙颜|7900|2
LIP-04 限定口红礼盒|口红|慕芮|39900|0.8
EYEM-01 九色眼影盘|眼妆|拾光集|16900|1.8
EYEM-02 极细眼线液笔|眼妆|澄野|7900|2
EYEM-03 纤长睫毛膏|眼妆|澄野|9900|1.8
SCENT-01 晨雾淡香水 30ml|香氛|澄野|32900|1.2
SCENT-02 白茶香薰蜡烛|香氛|澄野|16900|1.4
SCENT-03 护手霜香氛礼盒|香氛|芙颜|12900|1.8
BODY-01 乳木果身体乳 250ml|身体护理|芙颜|9900|2.2
BODY-02 果酸身体精华 200ml|身体护理|白榆|14900|1.4
BODY-03 护发精油 80ml|身体护理|青屿|11900|1.6
BODY-04 海盐身体磨砂 300g|身体护理|澄野|10900|1.1
BODY-05 婴儿润肤乳 150ml|身体护理|白榆|8900|1.2
BODY-06 孕妈妊娠油 100ml|身体护理|白榆|16800|0.7
BODY-07 宝宝洗发沐浴露 300ml|身体护理|青屿|7900|1.1
TOOL-01 声波洁面仪|美容工具|青屿|39900|0.9
TOOL-02 美容棒按摩器|美容工具|青屿|26900|0.9
TOOL-03 化妆刷套装 12支|美容工具|拾光集|19900|1.1
TOOL-04 气垫粉扑 5枚|美容工具|拾光集|3900|1.8
SPA-01 深层清洁护理 60分钟|护理服务|芙颜|29800|2.4
SPA-02 补水焕肤护理 75分钟|护理服务|芙颜|39800|1.8
SPA-03 眼周舒缓护理 30分钟|护理服务|芙颜|16800|1.5
SPA-04 肩颈舒压护理 45分钟|护理服务|芙颜|25800|1.2
"""


def _products() -> tuple[Product, ...]:
    found = []
    for row in _ROWS.strip().splitlines():
        head, category, brand, price, appeal = row.split("|")
        code, name = head.split(" ", 1)
        found.append(Product(f"FY-{code}", name, category, brand, int(price), float(appeal)))
    return tuple(found)


PRODUCTS = _products()
"""Every product, in the catalogue's order."""
STAGES = {
    "宝妈": ("婴儿", "宝宝", "孕妈", "妊娠"),
    "学生": ("控油", "清爽", "清洁", "唇釉", "眼线"),
    "熟龄": ("紧致", "淡纹", "胜肽"),
}
"""Stages of life by the words of their goods; who is in none buys less of the first."""


def appeal(product: Product, stage: str) -> float:
    """How much a product appeals to somebody in that stage of life, or in none."""
    own = [name for name, words in STAGES.items() if any(word in product.name for word in words)]
    if stage in own:
        return product.appeal * 9
    return product.appeal * (0.1 if "宝妈" in own else 0.6 if own else 1.0)
