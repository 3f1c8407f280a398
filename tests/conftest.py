pytest_plugins = ["tests.pgbouncer", "tests.postgres", "tests.shares"]
