"""What the machine has and takes: devices, memory, threads, processes and how long things last."""
