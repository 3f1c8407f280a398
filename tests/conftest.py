pytest_plugins = ["tests.postgres", "tests.shares"]
