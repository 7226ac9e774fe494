"""Survey files of every kind for tests and benchmarks, written without the readers they are to try."""
