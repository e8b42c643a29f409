/* SPDX-License-Identifier: Apache-2.0
 * Expat set up as XMPP wants it. */
#include "xml/expat_impl.h"

enum { NAME_SEPARATOR = 1 };    /* XML has no such character, so no namespace can hold it */

void expat_prepare(XML_Parser parser)
{
	XML_SetReturnNSTriplet(parser, 1);
#ifdef TRUNK_HAVE_REPARSE_DEFERRAL
	XML_SetReparseDeferralEnabled(parser, XML_FALSE);
#endif
}

XML_Parser expat_new(void)
{
	XML_Parser parser = XML_ParserCreateNS("UTF-8", NAME_SEPARATOR);

	if (parser)
		expat_prepare(parser);
	return parser;
}

int expat_error(enum XML_Error code)
{
	switch (code) {
	case XML_ERROR_NO_MEMORY:
		return TRUNK_ENOMEM;
	case XML_ERROR_UNDEFINED_ENTITY:
	case XML_ERROR_MISPLACED_XML_PI:
		return TRUNK_EXML_RESTRICTED;
	case XML_ERROR_UNBOUND_PREFIX:
		return TRUNK_EXML_PREFIX;
	case XML_ERROR_UNKNOWN_ENCODING:
	case XML_ERROR_INCORRECT_ENCODING:
		return TRUNK_EXML_ENCODING;
	default:
		return TRUNK_EXML;
	}
}

void expat_name(const char *triplet, struct str *ret_ns, struct str *ret_name, struct str *ret_prefix)
{
	struct str rest = str_of(triplet);
	const struct str first = str_cut(&rest, NAME_SEPARATOR);

	*ret_ns = str_is_absent(rest) ? STR_NONE : first;
	*ret_name = str_is_absent(rest) ? first : str_cut(&rest, NAME_SEPARATOR);
	*ret_prefix = rest;
}
