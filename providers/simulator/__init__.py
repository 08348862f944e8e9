"""A provider to run at home: it speaks the protocol and can play every failure. The product never imports it."""
