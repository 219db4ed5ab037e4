"""What boxes start from: the image, and the environments that they mount."""
