"""Measurements that need no rule, and how near each rule comes to them."""
