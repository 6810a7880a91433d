"""Points that wait for an action, held against the ledger: what is noted as confirmed was activated, and nothing else was."""

from __future__ import annotations

from shuke.assets.audit.queries.checks import Check
from shuke.kit.kinds import Sentence

_AGREE = Check("confirmed_is_activated", Sentence("标为已确认的积分应正好生效一次，没确认的不应生效",
        "points noted as confirmed were activated once, and others were not"), """
select w.member_id, 'entry ' || w.entry_id as subject, (w.confirmed_at is not null)::int as expected, coalesce(e.n, 0) as found
from awaited w left join (select of_entry_id, count(*) as n from entry
  where merchant_id = %(merchant_id)s and type = 'activate' group by 1) e on e.of_entry_id = w.entry_id
where w.merchant_id = %(merchant_id)s and coalesce(e.n, 0) <> (w.confirmed_at is not null)::int
union all
select e.member_id, 'entry ' || e.entry_id, 1, 0 from entry e
where e.merchant_id = %(merchant_id)s and e.type = 'activate' and not exists (
  select from awaited w where w.merchant_id = %(merchant_id)s and w.entry_id = e.of_entry_id)""")  # fmt: skip
_NOTHING = Check("activation_moves_nothing", Sentence("生效只改变积分能不能用，不改变多少",
        "an activation moves no points, it only begins their life"), """
select e.member_id, 'entry ' || e.entry_id as subject, 0 as expected, e.points as found
from entry e where e.merchant_id = %(merchant_id)s and e.type = 'activate' and e.points <> 0""")  # fmt: skip
CHECKS = (_AGREE, _NOTHING)
