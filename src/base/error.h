/* SPDX-License-Identifier: Apache-2.0
 * The one table of errors. A function that can fail returns 0 or one of these, which are negative. */
#ifndef TRUNK_BASE_ERROR_H
#define TRUNK_BASE_ERROR_H

#define TRUNK_ERRORS(X) \
	X(TRUNK_ENOMEM, "no memory") \
	X(TRUNK_EINVAL, "malformed value") \
	X(TRUNK_ELIMIT, "over a limit") \
	X(TRUNK_EIO, "input or output failed") \
	X(TRUNK_ENOENT, "not found") \
	X(TRUNK_EEXIST, "already there") \
	X(TRUNK_EPERM, "not permitted") \
	X(TRUNK_EBUSY, "in use") \
	X(TRUNK_EXML, "XML is not well-formed") \
	X(TRUNK_EXML_RESTRICTED, "XML feature that XMPP forbids") \
	X(TRUNK_EXML_ENCODING, "encoding other than UTF-8") \
	X(TRUNK_EXML_NAMESPACE, "wrong namespace") \
	X(TRUNK_EXML_PREFIX, "namespace prefix that nobody declared") \
	X(TRUNK_EXML_FORMAT, "text where only elements may stand") \
	X(TRUNK_EXML_LIMIT, "stanza over a limit of size, depth or attributes") \
	X(TRUNK_EADDRESS, "malformed address") \
	X(TRUNK_EVERSION, "unsupported version of XMPP") \
	X(TRUNK_ECRYPTO, "the cryptographic library refused") \
	X(TRUNK_ETLS, "TLS handshake or record failed") \
	X(TRUNK_ECERT, "certificate does not prove the domain") \
	X(TRUNK_EDNS_NONE, "DNS says that there is no such service") \
	X(TRUNK_EDNS_FAIL, "DNS did not answer") \
	X(TRUNK_EREFUSED, "connection refused") \
	X(TRUNK_EUNREACHABLE, "no way to the address") \
	X(TRUNK_ETIMEOUT, "timed out") \
	X(TRUNK_ECLOSED, "closed by the other side") \
	X(TRUNK_ESTREAM, "the peer sent a stream error") \
	X(TRUNK_EAUTH, "the peer refused our proof") \
	X(TRUNK_EPOLICY, "what policy demands was not offered")

enum trunk_error {
	TRUNK_ERROR_BASE = -1000,
#define TRUNK_ERROR_NAME(name, text) name,
	TRUNK_ERRORS(TRUNK_ERROR_NAME)
#undef TRUNK_ERROR_NAME
};

/* The text of an error in plain words; for 0 "no error". Never NULL. */
const char *error_text(int err);

#endif
