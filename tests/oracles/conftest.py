# The recorders need PyTorch, JAX, Optax and Keras; the tests need none of them.
collect_ignore = [
    "record.py",
    "record_averages.py",
    "record_matrices.py",
    "record_muon.py",
    "record_nested.py",
    "record_relatives.py",
    "record_schedules.py",
    "record_sign.py",
    "record_training.py",
]
