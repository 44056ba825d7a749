"""Queues and limits that keep one business, or one large answer, from taking the place of others."""
