"""What a training will take, before it begins: seconds, memory and disk, by stage."""
