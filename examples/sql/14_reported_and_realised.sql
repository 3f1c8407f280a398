-- What NDCG@10 did the verdict of each run report, and what became of its lists?
SELECT run.run_id, r.horizon, m.value AS reported, r.value AS realised, r.low, r.high, r.users,
    gain.value AS over_fallback, r.is_early
FROM realised r
JOIN run ON run.run_no = r.run_no
LEFT JOIN metric m ON m.run_no = r.run_no AND m.subject = run.method AND m.segment = r.segment
    AND m.name = r.name AND m.k = r.k
LEFT JOIN realised gain ON gain.run_no = r.run_no AND gain.horizon = r.horizon
    AND gain.segment = r.segment AND gain.name = 'ndcg_over_fallback' AND gain.k = r.k
WHERE run.placement = :placement AND r.segment = 'all' AND r.name = 'ndcg' AND r.k = 10
ORDER BY r.run_no DESC, r.horizon
LIMIT 40
