"""The hash chain, recomputed: one link per transaction over the lines of its entries, each link on the one before."""

from __future__ import annotations

from shuke.assets.audit.queries.checks import Check
from shuke.kit.kinds import Sentence

# The line is the one of `entry_line`, the order that of its bytes; both sides are read in the order of the batch.
_SEALS = Check("entries_are_sealed", Sentence("每笔事务的明细应与封印一致",
        "the entries of every transaction match its seal"), """
select null::bigint as member_id, 'batch ' || coalesce(k.batch_id, e.batch_id) as subject,
  (k.batch_id is not null)::int as expected, (e.batch_id is not null)::int as found
from (select batch_id, digest from chain_link where merchant_id = %(merchant_id)s) k
full join (
  select batch_id, sha256(convert_to(string_agg(line, '' order by line collate "C"), 'UTF8')) as digest from (
    select batch_id,
      entry_id || '|' || member_id || '|' || wallet || '|' || type || '|' || points || '|' || key || E'\\n' as line
    from entry where merchant_id = %(merchant_id)s) l group by batch_id
) e on e.batch_id = k.batch_id
where e.digest is distinct from k.digest""")  # fmt: skip
_LINKS = Check("chain_holds", Sentence("封印应一环扣一环直到账本末端",
        "every link of the chain holds up to the head"), """
select null::bigint as member_id, 'link of batch ' || l.batch_id as subject, 1 as expected, 0 as found from (
  select batch_id, hash, sha256(lag(hash, 1, '\\x00'::bytea) over (order by seq) || digest) as should
  from chain_link where merchant_id = %(merchant_id)s) l where l.hash <> l.should
union all
select null, 'head', 1, 0 from merchant_head h where h.merchant_id = %(merchant_id)s
  and h.chain <> coalesce(
    (select hash from chain_link where merchant_id = %(merchant_id)s order by seq desc limit 1), '\\x00'::bytea)
""")  # fmt: skip
CHECKS = (_SEALS, _LINKS)
