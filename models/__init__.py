"""What is trained together: a model per file. This imports none of them, as `config` needs it."""
