/* SPDX-License-Identifier: Apache-2.0
 * libunbound as a resolver: it works in a thread of its own and wakes our loop by a descriptor. */
#include "dns/dns.h"

#include <stdio.h>
#include <stdlib.h>
#include <unbound.h>
#include <uv.h>

enum {
	ANSWER_RECORDS_MAX = 64,        /* of one answer; more are not looked at */
	REASON_SIZE = 160,
};

struct resolver {
	struct loop *loop;
	char **servers;                 /* owned, NULL-terminated; NULL: the system's */
	char *trust_anchor;             /* owned; NULL: none */
	int64_t timeout_ms;
	struct ub_ctx *ctx;             /* NULL: could not be made again after its thread broke */
	uv_poll_t *poll;                /* owned by libuv once it is closing */
	unsigned asks;                  /* in the three lists */
	struct list waiting;            /* of struct dns_ask: with libunbound, and somebody waits */
	struct list forgotten;          /* with libunbound, and nobody waits; libunbound gives up on them itself */
	struct list answered;           /* to be told to whoever waits */
	struct defer tell;
	bool is_telling, is_freed;      /* freed by whom it is telling: emptied, and on_tell() gives its memory back */
};

struct dns_ask {
	struct list link;
	struct resolver *resolver;
	dns_answer_fn *fn;
	void *ctx;
	struct timer timer;
	struct ub_result *result;       /* owned; NULL: none, and `reason` tells why */
	char reason[REASON_SIZE];
};

/* ---- options ---- */

struct setting {
	const char *name, *value;
};

/* Small, since the trunk asks for a few names over and over. A DNS server that is silent is forgotten to be so after 2 s:
 * libunbound would leave it alone for up to 15 minutes, and for all its names, though it is back. */
static const struct setting settings[] = {
	{"num-threads:", "1"},
	{"msg-cache-size:", "1m"},
	{"rrset-cache-size:", "2m"},
	{"key-cache-size:", "512k"},
	{"neg-cache-size:", "64k"},
	{"infra-cache-numhosts:", "1000"},
	{"outgoing-range:", "64"},
	{"num-queries-per-thread:", "128"},
	{"msg-buffer-size:", "65552"},
	{"do-not-query-localhost:", "no"},      /* a configured server may well be 127.0.0.53 */
	{"infra-host-ttl:", "2"},
	{"infra-keep-probing:", "yes"},
	{"use-syslog:", "no"},
};

/* Zones that libunbound would answer with "no such name" itself (RFC 6303, RFC 6761), though networks of our users may use
 * them. */
static const char *const unlocked_zones[] = {"test.", "home.arpa.", "invalid."};

static const char *set_options(struct ub_ctx *ctx, const struct resolver *resolver)
{
	/* A validator without trust anchor has nothing to do but to cost memory. */
	if (ub_ctx_set_option(ctx, "module-config:", resolver->trust_anchor ? "validator iterator" : "iterator"))
		return "libunbound refuses its modules";
	for (size_t i = 0; i < sizeof(settings) / sizeof(settings[0]); i++)
		(void)ub_ctx_set_option(ctx, settings[i].name, settings[i].value);      /* an old version may lack one */
	if (ub_ctx_async(ctx, 1))
		return "libunbound has no threads";
	return NULL;
}

static const char *set_servers(struct ub_ctx *ctx, const struct resolver *resolver)
{
	if (!resolver->servers && ub_ctx_resolvconf(ctx, NULL))
		return "/etc/resolv.conf can't be read";
	if (!resolver->servers)
		(void)ub_ctx_hosts(ctx, NULL);  /* a machine without hosts file is fine */
	for (char *const *server = resolver->servers; server && *server; server++)
		if (ub_ctx_set_fwd(ctx, *server))
			return "a DNS server is neither ADDRESS nor ADDRESS@PORT";
	return NULL;
}

static const char *context_set_up(struct ub_ctx *ctx, const struct resolver *resolver)
{
	const char *why;

	(void)ub_ctx_debugout(ctx, NULL);       /* the log is ours; what matters comes with the answers */
	if ((why = set_options(ctx, resolver)) || (why = set_servers(ctx, resolver)))
		return why;
	if (resolver->trust_anchor && ub_ctx_add_ta_file(ctx, resolver->trust_anchor))
		return "the trust anchor can't be read";
	/* The first of these makes libunbound read all that was configured. */
	for (size_t i = 0; i < sizeof(unlocked_zones) / sizeof(unlocked_zones[0]); i++)
		if (ub_ctx_zone_remove(ctx, unlocked_zones[i]))
			return resolver->trust_anchor ? "the trust anchor can't be read"
						      : "libunbound refuses its configuration";
	return NULL;
}

/* ---- answers ---- */

/* Words of libunbound may quote names from afar. */
static void reason_set(struct dns_ask *ask, const char *words, const char *more)
{
	snprintf(ask->reason, sizeof(ask->reason), "%s%s%s", words, more ? ": " : "", more ? more : "");
	for (char *c = ask->reason; *c; c++)
		if (*c < ' ' || *c > '~')
			*c = '?';
}

static void ask_end(struct dns_ask *ask)
{
	list_remove(&ask->link);
	timer_stop(&ask->timer);
	ub_resolve_free(ask->result);
	ask->resolver->asks--;
	free(ask);
}

static void ask_answered(struct dns_ask *ask)
{
	timer_stop(&ask->timer);
	list_remove(&ask->link);
	list_add_tail(&ask->resolver->answered, &ask->link);
}

static void on_result(void *ctx, int err, struct ub_result *result)
{
	struct dns_ask *ask = ctx;

	ask->result = result;
	if (!ask->fn) {
		ask_end(ask);
		return;
	}
	if (err || !result)
		reason_set(ask, "the resolver failed", err ? ub_strerror(err) : NULL);
	ask_answered(ask);
}

static void answer_fail(struct dns_ask *ask)
{
	const struct ub_result *result = ask->result;
	static const char *const names[] = {[1] = "FORMERR", [2] = "SERVFAIL", [4] = "NOTIMP", [5] = "REFUSED"};
	const size_t rcode = (size_t)result->rcode;

	if (result->bogus)
		reason_set(ask, "DNSSEC says it is forged", result->why_bogus);
	else
		reason_set(ask, "no usable answer",
			   rcode < sizeof(names) / sizeof(names[0]) && names[rcode] ? names[rcode] : "RCODE");
}

static enum dns_outcome outcome_of(const struct ub_result *result)
{
	if (!result || result->bogus)
		return DNS_FAIL;
	if (result->havedata && result->rcode == 0)
		return DNS_FOUND;
	return result->nxdomain || result->rcode == 0 ? DNS_NONE : DNS_FAIL;
}

static void ask_tell(struct dns_ask *ask)
{
	const struct ub_result *result = ask->result;
	struct str rdata[ANSWER_RECORDS_MAX];
	struct dns_answer answer = {.outcome = outcome_of(result), .rdata = rdata};

	if (answer.outcome == DNS_FAIL && result)
		answer_fail(ask);
	if (answer.outcome == DNS_FAIL)
		answer.reason = ask->reason;
	answer.is_bogus = result && result->bogus;
	answer.is_secure = result && result->secure && !result->bogus;
	for (unsigned i = 0; answer.outcome == DNS_FOUND && i < ANSWER_RECORDS_MAX && result->data[i]; i++) {
		rdata[i] = str_make(result->data[i], (size_t)result->len[i]);
		answer.count = i + 1;
	}
	ask->fn(ask->ctx, &answer);
}

/* Whom we tell may free the resolver: then its memory is ours to give back. */
static void on_tell(void *ctx)
{
	struct resolver *resolver = ctx;

	resolver->is_telling = true;
	while (!list_is_empty(&resolver->answered)) {
		struct dns_ask *ask = LIST_OF(resolver->answered.next, struct dns_ask, link);

		list_remove(&ask->link);
		ask_tell(ask);
		ask_end(ask);
	}
	resolver->is_telling = false;
	if (resolver->is_freed)
		free(resolver);
}

/* ---- the context and its thread ---- */

static void on_poll_closed(uv_handle_t *handle)
{
	free(handle);
}

static void context_end(struct resolver *resolver)
{
	if (resolver->poll)
		uv_close((uv_handle_t *)resolver->poll, on_poll_closed);
	resolver->poll = NULL;
	ub_ctx_delete(resolver->ctx);   /* ends the thread; what it had to do is never called back */
	resolver->ctx = NULL;
	LIST_EACH (pos, &resolver->forgotten)
		ask_end(LIST_OF(pos, struct dns_ask, link));
}

static void on_readable(uv_poll_t *poll, int status, int events);

static int context_begin(struct resolver *resolver, const char **ret_why)
{
	uv_poll_t *poll = calloc(1, sizeof(*poll));

	*ret_why = "no memory";
	if (!poll || !(resolver->ctx = ub_ctx_create())) {
		free(poll);
		return TRUNK_ENOMEM;
	}
	if ((*ret_why = context_set_up(resolver->ctx, resolver))) {
		free(poll);
		context_end(resolver);
		return TRUNK_EINVAL;
	}
	*ret_why = "the resolver's descriptor can't be polled";
	if (uv_poll_init(loop_uv(resolver->loop), poll, ub_fd(resolver->ctx)) < 0) {
		free(poll);
		context_end(resolver);
		return TRUNK_EIO;
	}
	poll->data = resolver;
	resolver->poll = poll;
	uv_poll_start(poll, UV_READABLE, on_readable);
	return 0;
}

/* The thread is lost: who waits learns it, who asks next gets another. */
static void context_broken(struct resolver *resolver)
{
	LIST_EACH (pos, &resolver->waiting) {
		struct dns_ask *ask = LIST_OF(pos, struct dns_ask, link);

		reason_set(ask, "the resolver's thread ended", NULL);
		ask_answered(ask);
	}
	context_end(resolver);
}

static void on_readable(uv_poll_t *poll, int status, int events)
{
	struct resolver *resolver = poll->data;

	(void)events;
	loop_sync(resolver->loop);
	if (status < 0 || ub_process(resolver->ctx))
		context_broken(resolver);
	on_tell(resolver);
}

/* ---- what the room sees ---- */

/* libunbound keeps what it was given until it gives up itself; what comes of it then is nobody's. */
static void ask_forget(struct dns_ask *ask)
{
	timer_stop(&ask->timer);
	ask->fn = NULL;
	list_remove(&ask->link);
	list_add_tail(&ask->resolver->forgotten, &ask->link);
}

static void on_timeout(void *ctx)
{
	struct dns_ask *ask = ctx;
	const int64_t timeout_ms = ask->resolver->timeout_ms;
	dns_answer_fn *fn = ask->fn;
	char reason[REASON_SIZE];

	snprintf(reason, sizeof(reason), "no answer within %lld %s",
		 (long long)(timeout_ms % 1000 ? timeout_ms : timeout_ms / 1000), timeout_ms % 1000 ? "ms" : "s");
	ctx = ask->ctx;
	ask_forget(ask);
	fn(ctx, &(struct dns_answer){.outcome = DNS_FAIL, .reason = reason});
}

static void ask_refused(struct dns_ask *ask, const char *reason)
{
	reason_set(ask, reason, NULL);
	ask_answered(ask);
	defer_start(ask->resolver->loop, &ask->resolver->tell);
}

static struct dns_ask *resolver_ask(void *opaque, const char *name, enum dns_type type, dns_answer_fn *fn, void *ctx)
{
	struct resolver *resolver = opaque;
	struct dns_ask *ask = calloc(1, sizeof(*ask));
	const char *why;
	int err;

	if (!ask)
		return NULL;
	*ask = (struct dns_ask){.resolver = resolver, .fn = fn, .ctx = ctx};
	list_init(&ask->link);
	list_add_tail(&resolver->waiting, &ask->link);
	if (resolver->asks++ >= DNS_ASKS_MAX)
		ask_refused(ask, "too many look-ups at once");
	else if (!resolver->ctx && context_begin(resolver, &why) < 0)
		ask_refused(ask, why);
	else if ((err = ub_resolve_async(resolver->ctx, name, (int)type, 1, ask, on_result, NULL)))
		ask_refused(ask, ub_strerror(err));
	else if (resolver->timeout_ms > 0)
		timer_start(resolver->loop, &ask->timer, resolver->timeout_ms, on_timeout, ask);
	return ask;
}

static void resolver_cancel(void *opaque, struct dns_ask *ask)
{
	(void)opaque;
	if (!ask->result && !ask->reason[0])
		ask_forget(ask);
	else
		ask_end(ask);           /* answered, and not told yet */
}

static void resolver_free(void *opaque)
{
	struct resolver *resolver = opaque;

	defer_stop(&resolver->tell);
	if (resolver->ctx)
		context_end(resolver);
	LIST_EACH (pos, &resolver->waiting)
		ask_end(LIST_OF(pos, struct dns_ask, link));
	LIST_EACH (pos, &resolver->answered)
		ask_end(LIST_OF(pos, struct dns_ask, link));
	for (char **server = resolver->servers; server && *server; server++)
		free(*server);
	free(resolver->servers);
	free(resolver->trust_anchor);
	resolver->is_freed = true;
	if (!resolver->is_telling)
		free(resolver);
}

static const struct dns_resolver_ops unbound_ops = {.ask = resolver_ask, .cancel = resolver_cancel, .free = resolver_free};

static int options_copy(struct resolver *resolver, const struct dns_options *options)
{
	size_t count = 0;

	resolver->timeout_ms = options->timeout_ms;
	if (options->trust_anchor && !(resolver->trust_anchor = strdup(options->trust_anchor)))
		return TRUNK_ENOMEM;
	while (options->servers && options->servers[count])
		count++;
	if (count > 0 && !(resolver->servers = calloc(count + 1, sizeof(*resolver->servers))))
		return TRUNK_ENOMEM;
	for (size_t i = 0; i < count; i++)
		if (!(resolver->servers[i] = strdup(options->servers[i])))
			return TRUNK_ENOMEM;
	return 0;
}

int dns_unbound_new(struct loop *loop, const struct dns_options *options, const struct dns_resolver_ops **ret_ops,
		    void **ret_resolver, const char **ret_why)
{
	struct resolver *resolver = calloc(1, sizeof(*resolver));
	const char *why = "no memory";
	int err = TRUNK_ENOMEM;

	if (!resolver)
		goto refused;
	resolver->loop = loop;
	list_init(&resolver->waiting);
	list_init(&resolver->forgotten);
	list_init(&resolver->answered);
	defer_init(&resolver->tell, on_tell, resolver);
	if ((err = options_copy(resolver, options)) < 0 || (err = context_begin(resolver, &why)) < 0)
		goto refused;
	*ret_ops = &unbound_ops;
	*ret_resolver = resolver;
	return 0;
refused:
	if (ret_why)
		*ret_why = why;
	if (resolver)
		resolver_free(resolver);
	return err;
}
