"""One sentence for every act of staff, in Chinese and English."""

from typing import Any

from shuke.ground.access.policy.permissions import Words

TRAIL: dict[str, Words] = {
    "session.opened": Words("{who}登录了", "{who} signed in"),
    "session.closed": Words("{who}退出了登录", "{who} signed out"),
    "member.created": Words("{who}新增了会员 {subject}", "{who} added member {subject}"),
    "members.sent": Words(
        "{who}通过接口写入了会员：新增 {created} 位，修改 {changed} 位",
        "{who} sent members by API: {created} new, {changed} changed",
    ),
    "member.changed": Words("{who}修改了会员 {subject} 的资料", "{who} changed the profile of member {subject}"),
    "member.merged": Words(
        "{who}把会员 {subject} 合并到会员 {into}", "{who} merged member {subject} into member {into}"
    ),
    "member.unmerged": Words(
        "{who}撤销了会员 {subject} 到会员 {into} 的合并", "{who} undid the merge of member {subject} into member {into}"
    ),
    "member.revealed": Words(
        "{who}查看了会员 {subject} 的手机号", "{who} looked at the phone number of member {subject}"
    ),
    "member.opened_elsewhere": Words(
        "{who}查看了其他门店的会员 {subject}", "{who} opened member {subject}, who only bought at other stores"
    ),
    "members.exported": Words("{who}导出了会员名单（{rows} 人）", "{who} exported a list of members ({rows})"),
    "points.adjusted": Words(
        "{who}给会员 {subject} 调整了 {amount}，原因：{reason}",
        "{who} adjusted member {subject} by {amount_en}: {reason}",
    ),
    "points.asked": Words(
        "{who}申请给会员 {subject} 调整 {amount}，原因：{reason}",
        "{who} asked to adjust member {subject} by {amount_en}: {reason}",
    ),
    "points.approved": Words(
        "{who}批准了{asked_by}给会员 {subject} 调整 {amount}的申请",
        "{who} approved that {asked_by} adjusts member {subject} by {amount_en}",
    ),
    "points.refused": Words(
        "{who}驳回了{asked_by}给会员 {subject} 调整 {amount}的申请",
        "{who} refused that {asked_by} adjusts member {subject} by {amount_en}",
    ),
    "approvals.limited": Words("{who}修改了调整审批的限额", "{who} changed the limit of adjustments"),
    "referrals.exported": Words("{who}导出了推荐关系（{rows} 行）", "{who} exported the referrals ({rows})"),
    "referral_tree.exported": Words(
        "{who}导出了会员 {subject} 的推荐树（{rows} 人）",
        "{who} exported the referral tree of member {subject} ({rows})",
    ),
    "leaderboard.exported": Words("{who}导出了推荐排行榜（{rows} 名）", "{who} exported the referral board ({rows})"),
    "points.stated": Words("{who}导出了会员 {subject} 的对账单", "{who} exported the statement of member {subject}"),
    "points.transferred": Words(
        "{who}替会员 {subject} 转赠 {points} 积分给会员 {to}",
        "{who} gave {points} points of member {subject} to member {to}",
    ),
    "transfers.capped": Words("{who}修改了转赠上限", "{who} changed the caps of transfers"),
    "points.released": Words(
        "{who}解冻了会员 {subject} 的 {points} 积分", "{who} released {points} held points of member {subject}"
    ),
    "notices.changed": Words("{who}修改了到期提醒", "{who} changed the notices of points that run out"),
    "points.audited": Words("{who}核对了积分账", "{who} had the ledger audited"),
    "webhook.created": Words("{who}新建了推送地址「{subject}」", "{who} added the webhook “{subject}”"),
    "webhook.changed": Words("{who}修改了推送地址「{subject}」", "{who} changed the webhook “{subject}”"),
    "webhook.deleted": Words("{who}删除了推送地址「{subject}」", "{who} deleted the webhook “{subject}”"),
    "webhook.renewed": Words(
        "{who}换了推送地址「{subject}」的签名密钥", "{who} renewed the secret of the webhook “{subject}”"
    ),
    "rule.created": Words("{who}新建了积分规则「{subject}」", "{who} drafted the points rule “{subject}”"),
    "rule.drafted": Words(
        "{who}修改了积分规则「{subject}」的草稿", "{who} edited the draft of the points rule “{subject}”"
    ),
    "rule_example.saved": Words(
        "{who}保存了积分规则的例子「{subject}」", "{who} saved the example “{subject}” of points rules"
    ),
    "rule_example.dropped": Words("{who}删掉了一个积分规则的例子", "{who} dropped an example of points rules"),
    "rule.published": Words("{who}发布了积分规则「{subject}」", "{who} published the points rule “{subject}”"),
    "backtest.asked": Words("{who}开始了回测 {subject}", "{who} started the backtest {subject}"),
    "backtest.cancelled": Words("{who}取消了回测 {subject}", "{who} cancelled the backtest {subject}"),
    "rule.paused": Words("{who}暂停了积分规则「{subject}」", "{who} paused the points rule “{subject}”"),
    "rule.resumed": Words("{who}恢复了积分规则「{subject}」", "{who} resumed the points rule “{subject}”"),
    "rule.ended": Words("{who}结束了积分规则「{subject}」", "{who} ended the points rule “{subject}”"),
    "check_in.published": Words(
        "{who}发布了签到设置（第 {version} 版）", "{who} published version {version} of the check-in"
    ),
    "mission.created": Words("{who}新建了任务「{subject}」", "{who} created the mission “{subject}”"),
    "mission.changed": Words("{who}修改了任务「{subject}」", "{who} changed the mission “{subject}”"),
    "mission.published": Words("{who}发布了任务「{subject}」", "{who} published the mission “{subject}”"),
    "mission.paused": Words("{who}暂停了任务「{subject}」", "{who} paused the mission “{subject}”"),
    "mission.resumed": Words("{who}恢复了任务「{subject}」", "{who} resumed the mission “{subject}”"),
    "mission.ended": Words("{who}结束了任务「{subject}」", "{who} ended the mission “{subject}”"),
    "mission.reviewed": Words("{who}审核了 {count} 个任务凭证", "{who} decided on {count} proofs of missions"),
    "referrals.published": Words(
        "{who}发布了推荐设置（第 {version} 版）", "{who} published version {version} of the plan of referrals"
    ),
    "referrals.reviewed": Words("{who}审核了 {count} 条推荐", "{who} decided on {count} referrals"),
    "referrals.noted": Words(
        "{who}登记了会员 {subject} 由会员 {referrer} 推荐",
        "{who} noted that member {referrer} referred member {subject}",
    ),
    "tiers.changed": Words("{who}修改了会员等级", "{who} changed the tiers"),
    "member.tier_given": Words("{who}给会员 {subject} 手工定了等级", "{who} gave member {subject} a tier by hand"),
    "member.tier_taken_back": Words(
        "{who}收回了会员 {subject} 的手工等级", "{who} took back the tier that member {subject} had by hand"
    ),
    "prize.collected": Words(
        "{who}给会员 {subject} 发放了奖品「{prize}」", "{who} handed the prize “{prize}” to member {subject}"
    ),
    "points.confirmed": Words(
        "{who}确认了「{action_confirmed}」，{points} 积分现在可用",
        "{who} confirmed “{action_confirmed}”: {points} points can be used now",
    ),
    "lottery.saved": Words("{who}保存了抽奖「{name}」", "{who} saved the draw “{name}”"),
    "lottery.ended": Words("{who}结束了抽奖「{name}」", "{who} ended the draw “{name}”"),
    "lottery.turned": Words(
        "{who}替会员 {subject} 抽奖，抽中「{prize}」", "{who} drew for member {subject}: “{prize}”"
    ),
    "playbook.installed": Words("{who}安装了行业方案「{subject}」", "{who} installed the playbook “{subject}”"),
    "playbook.removed": Words(
        "{who}移除了行业方案「{subject}」里没用到的部分", "{who} removed what was unused of the playbook “{subject}”"
    ),
    "profiles.refit": Words("{who}重新计算了会员画像", "{who} had the member profiles computed again"),
    "profiles.stage": Words(
        "{who}修改了人生阶段「{subject}」的商品词", "{who} changed the words of the stage of life “{subject}”"
    ),
    "profiles.stage_removed": Words("{who}删除了人生阶段「{subject}」", "{who} removed the stage of life “{subject}”"),
    "attribute.deleted": Words("{who}删除了会员属性「{subject}」", "{who} deleted the member attribute “{subject}”"),
    "tag.created": Words("{who}新建了标签「{subject}」", "{who} made the tag “{subject}”"),
    "tag.changed": Words("{who}修改了标签「{subject}」", "{who} changed the tag “{subject}”"),
    "tag.deleted": Words("{who}删除了标签「{subject}」", "{who} deleted the tag “{subject}”"),
    "tag.merged": Words("{who}把标签「{subject}」合并到「{into}」", "{who} merged the tag “{subject}” into “{into}”"),
    "tag_group.created": Words("{who}新建了标签组「{subject}」", "{who} made the tag group “{subject}”"),
    "tag_group.changed": Words("{who}修改了标签组「{subject}」", "{who} changed the tag group “{subject}”"),
    "tag_group.deleted": Words("{who}删除了标签组「{subject}」", "{who} deleted the tag group “{subject}”"),
    "tags.put": Words(
        "{who}给 {members} 位会员改了标签：{subject}", "{who} changed the tags of {members} members: {subject}"
    ),
    "tags.imported": Words("{who}从文件「{subject}」导入了标签", "{who} imported tags from “{subject}”"),
    "tags.undone": Words("{who}撤销了一次标签变更", "{who} undid a change of tags"),
    "lifecycle.changed": Words("{who}调整了会员生命周期的界限", "{who} changed the limits of the members' life"),
    "segment.created": Words("{who}新建了分群「{subject}」", "{who} created the segment “{subject}”"),
    "segment.changed": Words("{who}修改了分群「{subject}」", "{who} changed the segment “{subject}”"),
    "segment.deleted": Words("{who}删除了分群「{subject}」", "{who} deleted the segment “{subject}”"),
    "segment.restored": Words("{who}恢复了分群「{subject}」", "{who} restored the segment “{subject}”"),
    "segment.exported": Words(
        "{who}导出了分群「{subject}」的名单", "{who} exported the members of the segment “{subject}”"
    ),
    "segment.refreshed": Words("{who}刷新了分群「{subject}」", "{who} refreshed the segment “{subject}”"),
    "segment_list.created": Words("{who}新建了名单「{subject}」", "{who} created the list “{subject}”"),
    "segment_list.changed": Words("{who}修改了名单「{subject}」", "{who} changed the list “{subject}”"),
    "segment_list.deleted": Words("{who}删除了名单「{subject}」", "{who} deleted the list “{subject}”"),
    "segment_list.restored": Words("{who}恢复了名单「{subject}」", "{who} brought the list “{subject}” back"),
    "journey.created": Words("{who}新建了触达「{subject}」", "{who} created the journey “{subject}”"),
    "journey.changed": Words("{who}修改了触达「{subject}」", "{who} changed the journey “{subject}”"),
    "journey.launched": Words("{who}启动了触达「{subject}」", "{who} launched the journey “{subject}”"),
    "journey.paused": Words("{who}暂停了触达「{subject}」", "{who} paused the journey “{subject}”"),
    "journey.resumed": Words("{who}恢复了触达「{subject}」", "{who} resumed the journey “{subject}”"),
    "journey.ended": Words("{who}结束了触达「{subject}」", "{who} ended the journey “{subject}”"),
    "offer.created": Words("{who}新建了积分抵现「{subject}」", "{who} created the offer “{subject}”"),
    "offer.changed": Words("{who}修改了积分抵现「{subject}」", "{who} changed the offer “{subject}”"),
    "late.accepted": Words("{who}补录了迟到的记录 {subject}", "{who} accepted the late item {subject}"),
    "late.dismissed": Words("{who}驳回了迟到的记录 {subject}", "{who} dismissed the late item {subject}"),
    "import.uploaded": Words("{who}上传了文件「{subject}」", "{who} uploaded the file “{subject}”"),
    "import.started": Words("{who}开始导入「{subject}」", "{who} started the import of “{subject}”"),
    "import.cancelled": Words("{who}取消了导入「{subject}」", "{who} cancelled the import of “{subject}”"),
    "settings.changed": Words("{who}修改了商户设置", "{who} changed the settings"),
    "store.created": Words("{who}新增了门店「{subject}」", "{who} added the store “{subject}”"),
    "store.changed": Words("{who}修改了门店「{subject}」", "{who} changed the store “{subject}”"),
    "staff.created": Words("{who}新增了员工「{subject}」", "{who} added “{subject}” to the staff"),
    "staff.changed": Words("{who}修改了员工「{subject}」", "{who} changed the account of “{subject}”"),
    "staff.password_reset": Words("{who}重置了员工「{subject}」的密码", "{who} reset the password of “{subject}”"),
    "key.created": Words("{who}新建了接口密钥「{subject}」", "{who} created the API key “{subject}”"),
    "reaction.retried": Words("{who}重试了第 {subject} 号搁置的通告", "{who} tried announcement {subject} again"),
    "reaction.dropped": Words(
        "{who}放弃了第 {subject} 号搁置的通告", "{who} let go of announcement {subject}, unheard"
    ),
    "key.revoked": Words("{who}吊销了接口密钥「{subject}」", "{who} revoked the API key “{subject}”"),
}
# As it is told where an act of earlier days was noted without the fact that the sentence has now.
EARLIER: dict[str, tuple[str, Words]] = {
    "points.adjusted": (
        "amount",
        Words(
            "{who}给会员 {subject} 调整了 {points} 积分，原因：{reason}",
            "{who} adjusted the points of member {subject} by {points}: {reason}",
        ),
    ),
    "points.asked": (
        "amount",
        Words(
            "{who}申请给会员 {subject} 调整 {points} 积分，原因：{reason}",
            "{who} asked to adjust the points of member {subject} by {points}: {reason}",
        ),
    ),
    "points.approved": (
        "amount",
        Words(
            "{who}批准了{asked_by}给会员 {subject} 调整 {points} 积分的申请",
            "{who} approved that {asked_by} adjusts the points of member {subject} by {points}",
        ),
    ),
    "points.refused": (
        "amount",
        Words(
            "{who}驳回了{asked_by}给会员 {subject} 调整 {points} 积分的申请",
            "{who} refused that {asked_by} adjusts the points of member {subject} by {points}",
        ),
    ),
    "prize.collected": (
        "prize",
        Words("{who}给会员 {subject} 发放了奖品", "{who} handed a prize to member {subject}"),
    ),
}
_OTHER = Words("{who}:{action} {subject}", "{who}: {action} {subject}")


class _Blank(dict[str, Any]):
    def __missing__(self, key: str) -> str:
        return "—"


class _Ellipsis(dict[str, Any]):
    def __missing__(self, key: str) -> str:
        return "" if key == "who" else "…"


def acts() -> dict[str, Words]:
    """Every kind of act with its words, for choosing one: 发布了积分规则「…」."""
    places = _Ellipsis()
    return {
        action: Words(words.zh.format_map(places).strip(), words.en.format_map(places).strip())
        for action, words in TRAIL.items()
    }


def sentence(action: str, who: str, subject: str, after: dict[str, Any] | None) -> Words:
    """What happened, as one would tell it; `after` may fill further places of the sentence."""
    words = TRAIL.get(action, _OTHER)
    fact, before = EARLIER.get(action, ("", words))
    if fact and fact not in (after or {}):
        words = before
    facts = _Blank((after or {}) | {"who": who, "subject": subject, "action": action})
    return Words(words.zh.format_map(facts), words.en.format_map(facts))
