/* SPDX-License-Identifier: Apache-2.0
 * Any element as <auth/>: whoever is let in is the domain of the header or said nothing else. */
#include "auth/sasl.h"

#include "elements.h"
#include "tls/tls.h"

#define FROM STR("saturn.example.org")

/* What an accepted element asks for, read here by other means. */
static void check_identity(struct arena *arena, const struct xml_node *node)
{
	const struct str text = str_trim(xml_node_text(arena, node));
	struct buf identity = {0};
	struct domain domain;

	must(str_eq(xml_node_attr(node, "mechanism"), STR("EXTERNAL")));
	if (text.len > 0 && !str_eq(text, STR("="))) {
		must(tls_base64_decode(text, &identity) == 0);
		must(buf_len(&identity) == 0 ||
		     (domain_normalise(buf_str(&identity), &domain) == 0 && str_eq(domain_str(&domain), FROM)));
	}
	buf_fini(&identity);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena arena = {0};
	const struct xml_node *node = fuzz_tree(&arena, str_make((const char *)data, size));
	enum sasl_verdict verdict;
	struct buf out = {0};

	if (node) {
		verdict = sasl_auth_judge(&arena, node, FROM);
		if (verdict == SASL_OK) {
			check_identity(&arena, node);
		} else {
			must(sasl_failure_write(&out, sasl_failure_text(verdict), "text") == 0);
			must(fuzz_tree(&arena, buf_str(&out)) != NULL);
		}
	}
	buf_fini(&out);
	arena_fini(&arena);
	return 0;
}
