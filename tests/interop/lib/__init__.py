# SPDX-License-Identifier: Apache-2.0
"""What the interop tests and the demo share: real servers, certificates, names and people on loopback addresses."""
