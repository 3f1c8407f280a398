-- How did the published method do, run after run?
SELECT run.run_id, run.as_of, run.status, run.method, m.value AS ndcg_at_10, m.low, m.high
FROM run
LEFT JOIN metric m
  ON m.run_no = run.run_no AND m.subject = run.method AND m.segment = 'all' AND m.name = 'ndcg' AND m.k = 10
WHERE run.placement = :placement
ORDER BY run.run_no
