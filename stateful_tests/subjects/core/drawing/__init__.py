"""Programs of the core model: how calls meet each other, and walks through the model."""
