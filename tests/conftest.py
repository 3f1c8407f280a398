pytest_plugins = [
    "tests.browser",
    "tests.pgbouncer",
    "tests.postgres",
    "tests.shares",
    "tests.sooner",
]
