/* SPDX-License-Identifier: Apache-2.0
 * What the files that find servers share. */
#ifndef TRUNK_DNS_FIND_H
#define TRUNK_DNS_FIND_H

#include "dns/overrides.h"
#include "dns/srv.h"

enum {
	FIND_SRV_MAX = 2 * DNS_SRV_MAX,
	FIND_NAME_SHOWN = 150,          /* characters of a name in dns_found.why, so that the reason behind it has room */
};

struct dns {
	struct loop *loop;
	const struct dns_resolver_ops *ops;
	void *resolver;                 /* owned */
	int64_t timeout_ms;
	dns_random_fn *random;
	void *random_ctx;
	struct list finds;              /* of struct dns_find, owned */
};

/* One look-up of a find. */
struct question {
	struct dns_find *find;
	struct dns_ask *ask;            /* NULL while the resolver is still in `ask`, and where nothing is waited for */
	bool is_waiting;
	enum dns_type type;
	unsigned index;                 /* of the SRV service, the host or the candidate that it is about */
	enum dns_outcome outcome;       /* 0: not answered */
	bool is_secure;
	char name[DNS_HOST_SIZE + 24];  /* as asked */
};

struct host {
	char name[DNS_HOST_SIZE];
	struct question ask4, ask6;
	unsigned count4, count6;
	struct endpoint v4[DNS_ADDRESS_MAX], v6[DNS_ADDRESS_MAX];
};

enum find_stage { FIND_BEGIN = 1, FIND_SRV, FIND_ADDRESS, FIND_TLSA, FIND_DONE };

/* A find goes through its stages; in each it asks all it has to ask at once, and goes on when the last answer is in or time is
 * up. */
struct dns_find {
	struct list link;
	struct dns *dns;
	unsigned want;
	dns_found_fn *fn;
	void *ctx;
	enum find_stage stage;
	unsigned waiting;               /* questions without an answer */
	bool is_busy;                   /* questions are being asked or given up: an answer doesn't end the stage */
	bool is_starting;               /* dns_find() has not returned yet */
	bool is_told;                   /* the callback runs: dns_find_cancel() is too late */
	bool is_denied;                 /* an SRV target of "." was seen */
	bool has_failed;                /* and why_failed tells what first */
	struct timer timer;
	char domain[DNS_HOST_SIZE];     /* ASCII */
	struct question ask_srv[2];     /* _xmpp-server, _xmpps-server */
	struct srv srv[FIND_SRV_MAX];
	unsigned srv_count;
	struct host *hosts;             /* owned; as many as there are different targets, at most srv_count */
	unsigned host_count;
	struct question *ask_tlsa;      /* owned; one for each candidate, unused where another asks for it */
	char why_failed[256];
	struct dns_found found;
};

/* find.c */
void find_question(struct dns_find *find, struct question *question, enum dns_type type, unsigned index, const char *name);
void find_begin(struct dns_find *find, enum find_stage stage);  /* before the questions of a stage */
void find_step(struct dns_find *find);                          /* behind them */
void find_end(struct dns_find *find, int err, const char *format, ...) __attribute__((format(printf, 3, 4)));
void find_end_with(struct dns_find *find);                      /* there are candidates */
void find_end_without(struct dns_find *find, const char *format, ...) __attribute__((format(printf, 2, 3)));
void find_failed(struct dns_find *find, const struct question *question, const char *reason);

/* find_srv.c */
void find_srv_begin(struct dns_find *find);
void find_srv_answer(struct dns_find *find, struct question *question, const struct dns_answer *answer);
void find_srv_end(struct dns_find *find);

/* find_address.c */
void find_address_begin(struct dns_find *find);
void find_address_answer(struct dns_find *find, struct question *question, const struct dns_answer *answer);
void find_address_end(struct dns_find *find);

/* find_tlsa.c */
void find_tlsa_begin(struct dns_find *find);
void find_tlsa_answer(struct dns_find *find, struct question *question, const struct dns_answer *answer);
void find_tlsa_end(struct dns_find *find);

#endif
