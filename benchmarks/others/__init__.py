"""What people use instead, in an environment of its own (requirements-others.lock)."""
