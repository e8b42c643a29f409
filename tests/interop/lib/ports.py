# SPDX-License-Identifier: Apache-2.0
"""Where servers listen: the ports that are registered or customary, on addresses of our own."""
CLIENT_PORT, SERVER_PORT, DIRECT_PORT = 5222, 5269, 5270        # DIRECT_PORT: TLS from the first byte on (XEP-0368)
NAME_PORT = 10053       # of our DNS servers, who are nobody's root
