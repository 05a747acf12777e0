"""What several test files need: small networks, images, programs of the machine."""
