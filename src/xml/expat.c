/* SPDX-License-Identifier: Apache-2.0
 * Expat set up as XMPP wants it. */
#include "xml/expat_impl.h"

#include <pthread.h>
#include <sys/random.h>

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

/* ---- one for each thread ---- */

enum { KEPT_TEXT_BYTES_MAX = 64 * 1024 };       /* of the text that a parser has read and is kept all the same */

static pthread_once_t kept_once = PTHREAD_ONCE_INIT;
static pthread_key_t kept_key;
static bool has_kept_key;
static unsigned long kept_salt;         /* against names that are made to collide; 0: Expat finds one for each text */

static void free_kept(void *parser)
{
	XML_ParserFree(parser);
}

static void kept_begin(void)
{
	has_kept_key = pthread_key_create(&kept_key, free_kept) == 0;
	if (getrandom(&kept_salt, sizeof(kept_salt), GRND_NONBLOCK) != (ssize_t)sizeof(kept_salt))
		kept_salt = 0;
}

XML_Parser expat_take(void)
{
	XML_Parser parser;

	pthread_once(&kept_once, kept_begin);
	if (!has_kept_key || !(parser = pthread_getspecific(kept_key)))
		return expat_new();
	pthread_setspecific(kept_key, NULL);    /* whoever comes in between makes one of his own */
	return parser;
}

void expat_give_back(XML_Parser parser, size_t text_bytes)
{
	if (!has_kept_key || text_bytes > KEPT_TEXT_BYTES_MAX || pthread_getspecific(kept_key) ||
	    XML_ParserReset(parser, "UTF-8") != XML_TRUE || pthread_setspecific(kept_key, parser) != 0) {
		XML_ParserFree(parser);
		return;
	}
	expat_prepare(parser);
	if (kept_salt)
		XML_SetHashSalt(parser, kept_salt);
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
