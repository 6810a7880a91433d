"""The daily digests, recomputed from the chain and the entries, sharing no code with the room that makes them."""

from __future__ import annotations

from shuke.assets.audit.queries.checks import Check
from shuke.kit.kinds import Sentence

_DIGESTS = Check("digests_hold", Sentence("每日摘要应和封印、流水一致，一天接一天",
        "every daily digest follows from the chain, the entries and the digest before"), """
select null::bigint as member_id, 'digest of ' || d.day as subject, 1 as expected, 0 as found
from (select daily_digest.*, lag(digest, 1, ''::bytea) over (order by day) as should_follow,
    lag(seq, 1, 0::bigint) over (order by day) as should_begin, lag(day) over (order by day) as day_before
  from daily_digest where merchant_id = %(merchant_id)s) d
left join chain_link k on k.merchant_id = %(merchant_id)s and k.seq = d.seq
left join (
  select p.of_day, count(*) as links, sum(p.entries) as entries, sum(p.points) as points
  from (select s.*, min(s.day) over (order by s.seq desc, s.link) as of_day from (
    select l.seq, null::date as day, 1 as link, e.entries, e.points
    from chain_link l join (
      select batch_id, count(*) as entries, coalesce(sum(points) filter (where wallet = 'points'), 0) as points from entry
      where merchant_id = %(merchant_id)s group by 1) e on e.batch_id = l.batch_id
    where l.merchant_id = %(merchant_id)s
    union all
    select seq, day, 0, 0, 0 from daily_digest where merchant_id = %(merchant_id)s) s) p
  where p.link = 1 and p.of_day is not null group by 1) t on t.of_day = d.day
where d.previous <> d.should_follow or d.after_seq <> d.should_begin or d.day <> d.day_before + 1
  or d.head is distinct from k.hash or d.links <> coalesce(t.links, 0) or d.entries <> coalesce(t.entries, 0)
  or d.points <> coalesce(t.points, 0) or d.digest <> sha256(convert_to(concat_ws(E'\\n', 'shuke digest 1', d.day::text,
    encode(d.previous, 'hex'), d.after_seq, d.seq, d.links, d.entries, d.points, encode(d.head, 'hex')), 'UTF8'))""")  # fmt: skip
CHECKS = (_DIGESTS,)
