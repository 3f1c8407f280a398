-- A role for the board: figures and history, and no list, no user.
-- As the owner of the tables. With [storage] schema, its name stands for public.
CREATE ROLE fusion_board LOGIN PASSWORD 'change me';
GRANT USAGE ON SCHEMA public TO fusion_board;
GRANT SELECT ON slot, slot_move, metric, alert, decision TO fusion_board;
GRANT SELECT (run_no, run_id, placement, status, method, as_of, created_at, finished_at)
    ON run TO fusion_board;
