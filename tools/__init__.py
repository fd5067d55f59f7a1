"""What the Makefile calls: small programs around the package, no part of it."""
