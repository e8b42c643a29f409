/* SPDX-License-Identifier: Apache-2.0
 * Any bytes as a certificate: its names are printable, at most so many, and cover what they say and nothing above it. */
#include "tls/internal.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_printable(const char *text, size_t size)
{
	if (strlen(text) >= size)
		abort();
	for (; *text; text++)
		if (*text < ' ' || *text > '~')
			abort();
}

static void check_names(X509 *cert)
{
	struct cert_names names;
	char text[TEXT_SIZE];

	if (cert_names_read(cert, &names) < 0)
		return;
	if (names.count > CERT_NAMES_MAX)
		abort();
	for (size_t i = 0; i < names.count; i++) {
		const struct str name = str_make(names.text.at + names.at[i].offset, names.at[i].len);

		if (memchr(name.at, '\0', name.len))
			abort();
		if (names.at[i].kind == CERT_NAME_XMPP && cert_names_fit(&names, name) == 0)
			abort();
	}
	cert_names_fit(&names, STR("a.example.org"));
	cert_names_show(&names, true, text, sizeof(text));
	check_printable(text, sizeof(text));
	cert_names_show(&names, false, text, 16);
	check_printable(text, 16);
	cert_names_fini(&names);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const unsigned char *at = data;
	char text[TEXT_SIZE], date[DATE_SIZE];
	X509 *cert = d2i_X509(NULL, &at, (long)size);

	if (!cert)
		return 0;
	check_names(cert);
	text_of_name(X509_get_subject_name(cert), text, sizeof(text));
	check_printable(text, sizeof(text));
	text_of_date(X509_get0_notAfter(cert), date);
	check_printable(date, sizeof(date));
	ms_of_time(X509_get0_notAfter(cert));
	ca_permits(cert, STR("a.example.org"));
	X509_free(cert);
	text_of_library();
	return 0;
}
