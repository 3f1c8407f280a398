-- How good was each method on the verdict's window (NDCG@10 with its 95 % interval), best first?
SELECT m.subject AS method, m.value AS ndcg_at_10, m.low, m.high
FROM metric m
JOIN slot s ON s.run_no = m.run_no
WHERE s.placement = :placement AND s.name = 'live'
  AND m.name = 'ndcg' AND m.k = 10 AND m.segment = 'all'
ORDER BY m.value DESC, m.subject
