"""Generated worlds that grow, and runs over them that are watched from outside."""
