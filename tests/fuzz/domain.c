/* SPDX-License-Identifier: Apache-2.0
 * Any bytes as a domain: what is taken has one normal form, to which its A-labels lead back, and no sign of another part. */
#include "name/name.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_again(struct str in, const struct domain *normal)
{
	struct domain again;

	if (domain_normalise(in, &again) < 0 || !str_eq(domain_str(&again), domain_str(normal)))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char ascii[DOMAIN_SIZE];
	struct domain domain;

	if (domain_normalise(str_make((const char *)data, size), &domain) < 0)
		return 0;
	if (domain.len == 0 || domain.len >= DOMAIN_SIZE || strlen(domain.at) != domain.len)
		abort();
	if (strpbrk(domain.at, "/@<>&'\" *\\"))
		abort();
	if (domain_to_ascii(domain_str(&domain), ascii, sizeof(ascii)) < 0)
		abort();
	for (const char *c = ascii; *c; c++)
		if (*c <= ' ' || *c > '~' || (*c >= 'A' && *c <= 'Z' && ascii[0] != '['))
			abort();
	check_again(domain_str(&domain), &domain);
	check_again(str_of(ascii), &domain);
	return 0;
}
