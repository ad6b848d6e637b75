"""Faults on purpose: processes killed, power cut, disks that fail. Few rounds run as tests, many by
`python -m benchmarks faults`."""
