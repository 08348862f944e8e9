"""The one way out to other hosts: addresses, sockets, requests, signatures. Called by adapters, webhooks and alerts."""
