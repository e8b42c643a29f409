/* SPDX-License-Identifier: Apache-2.0
 * Commands about the dialback secret (design.md §6). It goes to the operator who asks, never to the log. */
#include "control/call.h"

#include "control/foreign.h"

enum { SECRET_ID_DIGITS = 16 };         /* first hex digits of the secret's SHA-256: enough to compare two nodes */

static json_t *secret_id_json(const char *secret)
{
	uint8_t hash[TLS_SHA256_BYTES];
	char hex[2 * TLS_SHA256_BYTES + 1];

	if (tls_sha256(str_of(secret), hash) < 0)
		return json_null();
	tls_hex(hash, sizeof(hash), hex);
	return json_stringn(hex, SECRET_ID_DIGITS);
}

static json_t *secrets_json(const struct call *call)
{
	const struct dialback_secrets *secrets = call->env->site->secrets;
	const bool has_previous = secrets->previous[0] && loop_wall_ms(call->env->loop) < secrets->previous_until_ms;

	return json_pack("{s:o, s:o, s:o}", "id", secret_id_json(secrets->current), "previous_id",
			 has_previous ? secret_id_json(secrets->previous) : json_null(), "previous_until",
			 has_previous ? wall_json(secrets->previous_until_ms) : json_null());
}

void command_secret_id(struct call *call)
{
	call_end(call, CALL_DONE, secrets_json(call), NULL);
}

static void secret_change(struct call *call, const char *verb)
{
	const struct control_env *env = call->env;
	struct buf why = {.limit = REASON_BYTES_MAX};
	int err;

	if (!env->secret) {
		call_end(call, CALL_NO, NULL, "this daemon can't change its secret while it runs");
		return;
	}
	err = env->secret(env->ctx, verb, request_text(call->request, "secret"), &why);
	if (err == 0)
		call_end(call, CALL_DONE, secrets_json(call), NULL);
	else if (buf_len(&why) > 0)
		call_endf(call, CALL_NO, "%.*s", STR_ARG(buf_str(&why)));
	else
		call_end(call, CALL_NO, NULL, error_text(err));
	buf_fini(&why);
}

void command_secret(struct call *call)
{
	const struct str verb = request_text(call->request, "verb"), secret = request_text(call->request, "secret");

	if (str_is(verb, "export") && str_is_absent(secret))
		call_end(call, CALL_DONE, json_pack("{s:s}", "secret", call->env->site->secrets->current), NULL);
	else if (str_is(verb, "rotate") && str_is_absent(secret))
		secret_change(call, "rotate");
	else if (str_is(verb, "import") && !str_is_absent(secret) && secret.len <= DIALBACK_SECRET_BYTES_MAX)
		secret_change(call, "import");
	else
		call_end(call, CALL_USAGE, NULL, "one of: rotate, export, import with a secret of at most 256 bytes");
}
