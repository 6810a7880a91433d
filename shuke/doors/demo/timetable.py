"""When people at work did what, in the live weeks of 芙颜: hours of the day, so many days before the last."""

from __future__ import annotations

from datetime import time
from typing import TYPE_CHECKING

from shuke.doors.demo import happenings, luck, outside, tagging
from shuke.doors.demo.desk import Act

if TYPE_CHECKING:
    from collections.abc import Sequence

_h = happenings
ONCE = (
    Act(38, time(10, 42), _h.make_keys),
    Act(33, time(11, 5), luck.open_lottery),
    Act(31, time(16, 20), _h.book_left_out),
    Act(29, time(10, 50), luck.begin_photos),
    Act(27, time(14, 15), _h.revoke_old_key),
    Act(25, time(17, 8), _h.ask_for(1, 3_000, "秋季沙龙抽奖一等奖")),
    Act(25, time(19, 31), _h.answer(1)),
    Act(23, time(11, 26), outside.import_skins),
    Act(21, time(15, 47), _h.merge_double("wx-o7Kq2fLs", "小程序里换了微信又注册一次，同一位顾客", 26_800, 5)),
    Act(18, time(12, 12), tagging.note_allergy),
    Act(16, time(10, 33), outside.tell_crm),
    Act(15, time(18, 2), _h.ask_for(2, 5_000, "顾客说上次少积了")),
    Act(14, time(10, 21), _h.answer(2, "小票对不上，先查清楚")),
    Act(12, time(20, 4), outside.pause_crm),
    Act(11, time(15, 18), _h.give_on),
    Act(10, time(10, 55), _h.look_at_referrals),
    Act(9, time(16, 41), outside.import_receipts),
    Act(8, time(13, 9), _h.hold_for(6, "湖滨店预留面霜，等顾客来取", 400, 3)),
    Act(7, time(11, 48), tagging.choose_advised),
    Act(6, time(17, 36), luck.look_at_photos),
    Act(5, time(10, 27), outside.import_gifts),
    Act(5, time(16, 3), _h.hold_for(13, "静安店预约护理，到店抵现", 500, 7)),
    Act(4, time(14, 52), _h.merge_double("wx-o7Kq9dTb", "收银时报了旧会员号，手机尾号一致", 15_900, 8)),
    Act(3, time(12, 34), _h.hold_for(9, "春熙店代客下单，等付款", 300, 5)),
    Act(2, time(18, 20), _h.ask_for(4, 2_600, "护理改期补偿")),
    Act(1, time(11, 13), tagging.correct_allergy),
    Act(1, time(16, 5), _h.keep_list),
    Act(0, time(12, 46), _h.ask_for(7, -2_200, "同一张小票积了两次，冲回多积的")),
    Act(0, time(15, 24), _h.hold_for(10, "小程序订单待付款", 200, 5)),
    Act(0, time(19, 40), _h.draft_rule),
)
DAILY = (
    (range(28), Act(0, time(21, 17), luck.draw)),
    (range(41), Act(0, time(20, 48), _h.confirm_treatments)),
    (range(1, 24, 4), Act(0, time(13, 38), luck.hand_over)),
    (range(2, 24, 5), Act(0, time(17, 22), luck.hand_over)),
    (range(0, 27, 3), Act(0, time(19, 56), luck.send_photos)),
    (range(12, 16), Act(0, time(11, 2), outside.send)),
    (range(12, 16), Act(0, time(15, 3), outside.send)),
    (range(13, 16), Act(0, time(20, 1), outside.send)),
    (range(15, 16), Act(0, time(22, 30), outside.send)),
)


def of(days_before: int) -> Sequence[Act]:
    """What was done on that day, in its order."""
    found = [act for act in ONCE if act.days_before == days_before]
    found += [act for days, act in DAILY if days_before in days]
    return sorted(found, key=lambda act: act.at)
