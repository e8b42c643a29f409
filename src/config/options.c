/* SPDX-License-Identifier: Apache-2.0
 * The tables: each option of trunkd.yaml in one row. To switch on one that was not built yet, remove its `LATER`. */
#include "config/option_words.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#define VALUE(of) .shape = OPTION_VALUE, .type = &TYPE_##of
#define LIST(of) .shape = OPTION_LIST, .type = &TYPE_##of
#define WORD(of) .shape = OPTION_VALUE, .type = &TYPE_WORD, .words = WORDS_##of
#define WORDS(of) .shape = OPTION_LIST, .type = &TYPE_WORD, .words = WORDS_##of
#define SECTION(of) .shape = OPTION_SECTION, .section = &of
#define MAP(of) .shape = OPTION_MAP, .section = &of
#define ROWS(of) .shape = OPTION_ROWS, .section = &of
#define AT(of, member) .is_kept = true, .offset = offsetof(struct of, member)
#define AT_LIST(of, member, count) AT(of, member), .count_offset = offsetof(struct of, count)
#define REQUIRED .is_required = true
#define NONEMPTY .is_nonempty = true
#define LATER .is_later = true
#define RANGE(low, high) .min = (low), .max = (high)
#define OR_NONE .has_none = true
#define DEFAULT(text) .fallback = text
#define OTHERWISE(text) .otherwise = text
#define SAYS(text) .sentence = text

#define SECTION_OF(variable, shown, rows) \
	static const struct section variable = {.path = shown, .options = rows, .count = COUNT(rows)}

#define MS(n) (n)
#define SECONDS(n) (INT64_C(1000) * (n))
#define HOURS(n) (SECONDS(3600) * (n))
#define DAYS(n) (HOURS(24) * (n))
#define KIB(n) (UINT64_C(1024) * (n))
#define MIB(n) (KIB(1024) * (n))
#define GIB(n) (MIB(1024) * (n))

static const struct option LOG_OPTIONS[] = {
	{.name = "level", WORD(LOG_LEVEL), AT(config, log_level), DEFAULT("info"),
	 SAYS("Lines of this level and of the graver ones are written.")},
	{.name = "format", WORD(LOG_FORMAT), AT(config, log_format), DEFAULT("text"),
	 SAYS("One line, or one JSON object, for each event.")},
};
SECTION_OF(LOG_SECTION, "log", LOG_OPTIONS);

static const struct option DNS_OPTIONS[] = {
	{.name = "servers", LIST(DNS_SERVER), AT(config, dns.servers), NONEMPTY, OTHERWISE("the system's resolvers"),
	 SAYS("Resolvers that are asked, as ADDRESS or ADDRESS@PORT.")},
	{.name = "trust-anchor", VALUE(PATH), AT(config, dns.trust_anchor), OTHERWISE("nothing is validated"),
	 SAYS("File of DS or DNSKEY records; with it answers are validated by DNSSEC, which DANE needs.")},
	{.name = "timeout", VALUE(DURATION), AT(config, dns.timeout_ms), DEFAULT("5s"), RANGE(MS(100), SECONDS(60)),
	 SAYS("How long one look-up may take.")},
};
SECTION_OF(DNS_SECTION, "dns", DNS_OPTIONS);

static const struct option TLS_OPTIONS[] = {
	{.name = "policy", WORD(TLS_POLICY), AT(config, trust.tls), DEFAULT("required"),
	 SAYS("Whether streams have to be encrypted, may be, or never are.")},
	{.name = "verify", WORD(VERIFY), AT(config, trust.verify), DEFAULT("dialback"),
	 SAYS("Whether a certificate that does not verify ends it, or may be made good by dialback.")},
	{.name = "certificates", LIST(PATH), AT(config, tls.certificate_folders), OTHERWISE("none"),
	 SAYS("Folders of PEM files with chain and key; which one is shown is chosen by the names inside; changes are "
	      "noticed.")},
	{.name = "issuer", VALUE(PATH), AT(config, tls.issuer_file), OTHERWISE("none: self-signed certificates are made"),
	 SAYS("PEM file of a CA and its key that issues certificates for trunked domains on the fly (trunkctl ca init).")},
	{.name = "issue-any", VALUE(BOOL), AT(config, tls.issue_any), DEFAULT("false"),
	 SAYS("Lets a CA without name constraints be the issuer.")},
	{.name = "trust", LIST(TRUST_PATH), AT(config, tls.trust), NONEMPTY, DEFAULT("[system]"),
	 SAYS("PEM files of CAs that peers' certificates may come from; \"system\" stands for those that the system trusts.")},
	{.name = "crl", LIST(PATH), AT(config, tls.crl_files), OTHERWISE("none"),
	 SAYS("Files of revoked certificates, PEM or DER.")},
	{.name = "min-version", WORD(TLS_VERSION), AT(config, trust.min_version), DEFAULT("\"1.2\""),
	 SAYS("The lowest version of TLS that is spoken.")},
};
SECTION_OF(TLS_SECTION, "tls", TLS_OPTIONS);

/* What a spoke does not set it has from the global `tls`, row by row. */
static const struct option SPOKE_TLS_OPTIONS[] = {
	{.name = "policy", WORD(TLS_POLICY), AT(spoke, trust.tls), OTHERWISE("as tls.policy"),
	 SAYS("As the global one, for this peer alone.")},
	{.name = "verify", WORD(VERIFY), AT(spoke, trust.verify), OTHERWISE("as tls.verify"),
	 SAYS("As the global one, for this peer alone.")},
	{.name = "min-version", WORD(TLS_VERSION), AT(spoke, trust.min_version), OTHERWISE("as tls.min-version"),
	 SAYS("As the global one, for this peer alone.")},
	{.name = "pin", VALUE(PINS), AT(spoke, trust), NONEMPTY, OTHERWISE("none"),
	 SAYS("SHA-256 of the peer's public key; where there are any, one has to fit and is enough.")},
	{.name = "certificates", LIST(PATH), LATER, OTHERWISE("as tls.certificates"),
	 SAYS("As the global one, for this peer alone.")},
	{.name = "issuer", VALUE(PATH), LATER, OTHERWISE("as tls.issuer"), SAYS("As the global one, for this peer alone.")},
	{.name = "issue-any", VALUE(BOOL), LATER, OTHERWISE("as tls.issue-any"),
	 SAYS("As the global one, for this peer alone.")},
	{.name = "trust", LIST(TRUST_PATH), LATER, OTHERWISE("as tls.trust"), SAYS("As the global one, for this peer alone.")},
	{.name = "crl", LIST(PATH), LATER, OTHERWISE("as tls.crl"), SAYS("As the global one, for this peer alone.")},
};
SECTION_OF(SPOKE_TLS_SECTION, "spokes.NAME.tls", SPOKE_TLS_OPTIONS);

static const struct option SPOKE_LIMITS_OPTIONS[] = {
	{.name = "stanza-rate", VALUE(RATE), AT(spoke, stanzas_per_second), OTHERWISE("as limits.stanza-rate"),
	 SAYS("As the global one, for this peer alone.")},
	{.name = "bytes-rate", VALUE(BYTE_RATE), AT(spoke, bytes_per_second), OTHERWISE("as limits.bytes-rate"),
	 SAYS("As the global one, for this peer alone.")},
};
SECTION_OF(SPOKE_LIMITS_SECTION, "spokes.NAME.limits", SPOKE_LIMITS_OPTIONS);

static const struct option SPOKE_OPTIONS[] = {
	{.name = "domains", LIST(PATTERN), AT_LIST(spoke, domains, domain_count), REQUIRED, NONEMPTY,
	 SAYS("The domains that this peer serves; \"*.suffix\" stands for all subdomains of one.")},
	{.name = "address", LIST(SPOKE_ADDRESS), AT_LIST(spoke, addresses, address_count), NONEMPTY,
	 OTHERWISE("by dns-override, else DNS: SRV, then A and AAAA"),
	 SAYS("Where the peer is reached, in the order to try: an address or a host, and a port (5269; 5270 where transport "
	      "is direct).")},
	{.name = "transport", WORD(TRANSPORT), AT(spoke, transport), DEFAULT("starttls"),
	 SAYS("How TLS begins: by STARTTLS, with the first byte (XEP-0368), or as DNS offers it.")},
	{.name = "tls", SECTION(SPOKE_TLS_SECTION), SAYS("What this peer must show.")},
	{.name = "auth", VALUE(AUTH), .words = WORDS_AUTH, AT(spoke, trust), NONEMPTY, OTHERWISE("as auth"),
	 SAYS("As the global one, for this peer alone.")},
	{.name = "source", LIST(SOURCE), AT_LIST(spoke, sources, source_count), OTHERWISE("as in its zone, else as source"),
	 SAYS("Outgoing addresses towards this peer.")},
	{.name = "limits", SECTION(SPOKE_LIMITS_SECTION), SAYS("Rates of this peer.")},
	{.name = "clearance", VALUE(CLEARANCE), AT(spoke, clearance_text), OTHERWISE("none"),
	 SAYS("What this peer may receive and send: ess:BASE64, file:PATH, or words in the policy's names; its zone's counts, "
	      "too.")},
	{.name = "default-label", VALUE(CLEARANCE), AT(spoke, default_label_text), OTHERWISE("as in its zone"),
	 SAYS("The label of messages that come from here without one; they leave with it.")},
	{.name = "labels", WORD(LABELS), AT(spoke, labels), OTHERWISE("as in its zone, else keep"),
	 SAYS("How labels are shown to this peer: as they are, with an equivalent in the policy of its clearance, in that "
	      "policy instead, or as the first line of the text.")},
	{.name = "custody", WORD(CUSTODY), AT(spoke, custody), OTHERWISE("as of its zone"),
	 SAYS("When a stanza to this peer is acknowledged to its sender's server: when it is written, when the peer has it, or when "
	      "it is on disk.")},
};
const struct section SPOKE_SECTION = {.path = "spokes.NAME", .options = SPOKE_OPTIONS, .count = COUNT(SPOKE_OPTIONS)};

static const struct option ZONE_OPTIONS[] = {
	{.name = "spokes", LIST(NAME), AT_LIST(zone_source, spokes, spoke_count),
	 SAYS("The spokes of the zone, by their names.")},
	{.name = "domains", LIST(ZONE_PATTERN), AT(zone_source, zone.domains),
	 SAYS("Domains that are no spoke's and are found by DNS; \"*\" stands for every other domain and makes the trunk a "
	      "border.")},
	{.name = "source", LIST(SOURCE), AT_LIST(zone_source, zone.template.sources, zone.template.source_count),
	 OTHERWISE("as source"),
	 SAYS("Outgoing addresses towards the peers of this zone.")},
	{.name = "clearance", VALUE(CLEARANCE), AT(zone_source, zone.clearance_text), OTHERWISE("none"),
	 SAYS("What the zone's peers may receive and send.")},
	{.name = "default-label", VALUE(CLEARANCE), AT(zone_source, zone.template.default_label_text), OTHERWISE("none"),
	 SAYS("As of a spoke, for the whole zone.")},
	{.name = "labels", WORD(LABELS), AT(zone_source, zone.template.labels), OTHERWISE("keep"),
	 SAYS("As of a spoke, for the whole zone.")},
	{.name = "custody", WORD(CUSTODY), AT(zone_source, zone.template.custody), DEFAULT("link"),
	 SAYS("As of a spoke, for all peers of the zone.")},
};
const struct section ZONE_SECTION = {.path = "zones.NAME", .options = ZONE_OPTIONS, .count = COUNT(ZONE_OPTIONS)};

static const struct option RULE_OPTIONS[] = {
	{.name = "name", VALUE(NAME), AT(rule_source, rule.name), RANGE(1, 128), OTHERWISE("rule-LINE"),
	 SAYS("How errors, logs and the audit refer to the rule.")},
	{.name = "from", LIST(SIDE), AT(rule_source, from), NONEMPTY, OTHERWISE("any"),
	 SAYS("Senders that it fits: zone, domain, \"*.suffix\", or address (\"ann@saturn.example.org\", \"*@saturn.example.org\").")},
	{.name = "to", LIST(SIDE), AT(rule_source, to), NONEMPTY, OTHERWISE("any"), SAYS("Targets that it fits, likewise.")},
	{.name = "kind", WORDS(KIND), AT_LIST(rule_source, kinds, kind_count), NONEMPTY, OTHERWISE("any"),
	 SAYS("Kinds of stanza that it fits.")},
	{.name = "type", WORDS(STANZA_TYPE), AT_LIST(rule_source, types, type_count), NONEMPTY, OTHERWISE("any"),
	 SAYS("Types of stanza that it fits; a message without a type is \"normal\", a presence without one \"available\".")},
	{.name = "payload", LIST(NAMESPACE), AT_LIST(rule_source, payloads, rule.payload_count), NONEMPTY, OTHERWISE("any"),
	 SAYS("Namespaces, or {namespace}name, of elements that it fits, wherever they stand in the stanza.")},
	{.name = "size-above", VALUE(SIZE), AT(rule_source, rule.size_above), OTHERWISE("any"),
	 SAYS("Fits stanzas larger than this.")},
	{.name = "label-above", VALUE(TEXT), AT(rule_source, rule.label_above), OTHERWISE("any"),
	 SAYS("Fits messages whose label, or that of a message inside, stands above this classification of its policy, or cannot be "
	      "compared with it; the default label counts where there is none.")},
	{.name = "label-policy", LIST(TEXT), AT(rule_source, rule.label_policies), NONEMPTY, OTHERWISE("any"),
	 SAYS("Fits messages whose label is of one of these policies.")},
	{.name = "unlabelled", VALUE(BOOL), AT(rule_source, rule.unlabelled), DEFAULT("false"),
	 SAYS("Fits messages without a label of their own.")},
	{.name = "opaque", WORDS(OPAQUE), AT_LIST(rule_source, opaque, opaque_count), NONEMPTY, OTHERWISE("any"),
	 SAYS("Fits content that cannot be looked into: encrypted by OMEMO or OpenPGP, sessions and files past the border "
	      "(Jingle, links), data in pieces (IBB), or any of these and other encryption (\"*\"). With labels on, such content passes "
	      "by a rule that names it, and by no other.")},
	{.name = "filter", LIST(TEXT), AT_LIST(rule_source, filters, rule.filter_count), NONEMPTY, OTHERWISE("none"),
	 SAYS("Filters that are asked, in order, once all else fits: the first that rejects or drops decides; where all pass, the action does.")},
	{.name = "rate", VALUE(RULE_RATE), AT(rule_source, rule.rate), OTHERWISE("any"),
	 SAYS("Fits what exceeds this rate, counted for each domain pair.")},
	{.name = "action", WORD(ACTION), AT(rule_source, action), OTHERWISE("none: filters were asked, the next rule decides"),
	 SAYS("What becomes of stanzas that the rule fits; needed, but for rules that ask filters.")},
	{.name = "strip", LIST(NAMESPACE), AT_LIST(rule_source, strip, rule.strip_count), NONEMPTY, OTHERWISE("none"),
	 SAYS("Namespaces, or {namespace}name, of elements that the action strip removes; what \"opaque\" names goes, too.")},
	{.name = "fold", WORD(FOLD), AT(rule_source, fold), OTHERWISE("none"),
	 SAYS("What the action fold makes simpler: presence becomes its bare type, a message its text.")},
	{.name = "condition", VALUE(WORD_TEXT), .words = WORDS_CONDITION, AT(rule_source, rule.condition),
	 OTHERWISE("policy-violation"),
	 SAYS("Stanza error (RFC 6120 §8.3.3) that a rejected stanza gets.")},
	{.name = "text", VALUE(TEXT), AT(rule_source, rule.text), RANGE(1, 1000), OTHERWISE("\"Not passed by policy\""),
	 SAYS("Text of that error for people; the rule's name is put behind it.")},
	{.name = "monitor", VALUE(BOOL), AT(rule_source, rule.monitor), DEFAULT("false"),
	 SAYS("Counts and records what the rule would have done, and does nothing.")},
	{.name = "audit", WORD(AUDIT_BODY), AT(rule_source, record), OTHERWISE("as audit.body"),
	 SAYS("How much of the stanzas that it fits is recorded.")},
	{.name = "custody", WORD(CUSTODY), AT(rule_source, rule.custody), OTHERWISE("as of the target"),
	 SAYS("As of a spoke, for the stanzas that the rule fits.")},
};
const struct section RULE_SECTION = {.path = "rules[]", .options = RULE_OPTIONS, .count = COUNT(RULE_OPTIONS)};

static const struct option CLEARANCE_OPTIONS[] = {
	{.name = "who", VALUE(TEXT), AT(clearance_source, who), REQUIRED,
	 SAYS("Addresses: one, or \"*@domain\" for all of a domain; the domain may be \"*.suffix\".")},
	{.name = "clearance", VALUE(CLEARANCE), AT(clearance_source, clearance), REQUIRED,
	 SAYS("What these addresses may receive and send.")},
};
const struct section CLEARANCE_SECTION = {.path = "clearances[]", .options = CLEARANCE_OPTIONS, .count = COUNT(CLEARANCE_OPTIONS)};

static const struct option LABELS_OPTIONS[] = {
	{.name = "policy", LIST(PATH), AT(config, label_files), REQUIRED, NONEMPTY,
	 SAYS("Files of label policies (SPIF). With any, labels are on: a side without a clearance gets nothing.")},
	{.name = "strict", VALUE(BOOL), AT(config, labels.is_strict), DEFAULT("true"),
	 SAYS("Whether what cannot be understood in a label is a denial; else the default label takes its place.")},
	{.name = "reveal", VALUE(BOOL), AT(config, labels.is_revealing), DEFAULT("true"),
	 SAYS("Whether the sender is told that a label did not pass; else that is only recorded.")},
};
SECTION_OF(LABELS_SECTION, "labels", LABELS_OPTIONS);

static const struct option FILTER_OPTIONS[] = {
	{.name = "script", VALUE(PATH), AT(filter_source, script), REQUIRED, SAYS("A Lua script that defines filter(stanza).")},
	{.name = "time-limit", VALUE(DURATION), AT(filter_source, time_limit_ms), DEFAULT("5ms"), RANGE(MS(1), SECONDS(10)),
	 SAYS("How long it may run for one stanza, of the processor's time.")},
	{.name = "memory-limit", VALUE(SIZE), AT(filter_source, memory_limit_bytes), DEFAULT("8MiB"), RANGE(KIB(64), GIB(1)),
	 SAYS("How much memory it may use, for each worker.")},
	{.name = "settings", VALUE(SETTINGS), AT(filter_source, settings), OTHERWISE("none"), SAYS("What the script finds in trunk.settings.")},
};
const struct section FILTER_SECTION = {.path = "filters.NAME", .options = FILTER_OPTIONS, .count = COUNT(FILTER_OPTIONS)};

static const struct option MODULE_OPTIONS[] = {
	{.name = "path", VALUE(PATH), AT(filter_source, path), REQUIRED,
	 SAYS("A shared object that offers what include/trunk/module.h declares. It becomes part of the daemon.")},
	{.name = "settings", VALUE(SETTINGS), AT(filter_source, settings), OTHERWISE("none"), SAYS("What the module itself is told.")},
};
const struct section MODULE_SECTION = {.path = "modules.NAME", .options = MODULE_OPTIONS, .count = COUNT(MODULE_OPTIONS)};

static const struct option AUDIT_OPTIONS[] = {
	{.name = "store", WORD(AUDIT_STORE), AT(config, audit_store), DEFAULT("sqlite"),
	 SAYS("Where records are kept: in a hash-chained database in the folder of `state`, or nowhere.")},
	{.name = "strict", VALUE(BOOL), AT(config, audit_strict), DEFAULT("false"),
	 SAYS("Whether a stanza passes only after its record is on disk; what cannot be recorded does not pass then.")},
	{.name = "body", WORD(AUDIT_BODY), AT(config, audit_body), DEFAULT("brief"),
	 SAYS("How much of a stanza is recorded: nothing but the facts of the verdict, its SHA-256, also addresses and the names of its "
	      "children, or all of it.")},
	{.name = "retention", VALUE(DURATION), AT(config, audit_retention_ms), DEFAULT("90d"), RANGE(HOURS(1), DAYS(36500)),
	 SAYS("How long records are kept.")},
	{.name = "journal", VALUE(BOOL), AT(config, audit_journal), DEFAULT("false"),
	 SAYS("Whether records go to the system's journal too, with fields of their own.")},
	{.name = "lines", VALUE(PATH), AT(config, audit_lines), OTHERWISE("none"),
	 SAYS("File to which each record is added as a line of JSON.")},
};
SECTION_OF(AUDIT_SECTION, "audit", AUDIT_OPTIONS);

static const struct option LIMITS_OPTIONS[] = {
	{.name = "stanza-size", VALUE(SIZE), AT(config, limits.stanza_bytes), DEFAULT("256KiB"), RANGE(10000, MIB(64)),
	 SAYS("The largest stanza that is taken (at least 10000 bytes: RFC 6120 §13.12).")},
	{.name = "depth", VALUE(NUMBER), AT(config, limits.depth), DEFAULT("64"), RANGE(8, 256),
	 SAYS("Elements in each other in one stanza.")},
	{.name = "attributes", VALUE(NUMBER), AT(config, limits.attributes), DEFAULT("64"), RANGE(8, 256),
	 SAYS("Attributes of one element.")},
	{.name = "handshake-timeout", VALUE(DURATION), AT(config, limits.handshake_timeout_ms), DEFAULT("30s"),
	 RANGE(SECONDS(1), SECONDS(600)),
	 SAYS("How long a stream of either leg may take until a domain pair is proved.")},
	{.name = "idle-timeout", VALUE(DURATION), AT(config, limits.idle_timeout_ms), DEFAULT("30m"),
	 RANGE(SECONDS(1), DAYS(365)), OR_NONE,
	 SAYS("How long a stream may be without a stanza.")},
	{.name = "unproved-streams", VALUE(NUMBER), AT(config, limits.unproved_streams), DEFAULT("1000"), RANGE(1, 1000000),
	 SAYS("Streams that have proved nothing yet, all together.")},
	{.name = "streams-per-address", VALUE(NUMBER), AT(config, limits.streams_per_address), DEFAULT("100"),
	 RANGE(1, 1000000), OR_NONE,
	 SAYS("Incoming streams from one address.")},
	{.name = "connection-rate", VALUE(RATE), AT(config, limits.connections_per_second), DEFAULT("100/s"), OR_NONE,
	 SAYS("Incoming connections from one address.")},
	{.name = "queue-size", VALUE(SIZE), AT(config, limits.queue_bytes), DEFAULT("64MiB"), RANGE(KIB(64), GIB(64)),
	 SAYS("What may wait for one target; from half of it on its senders are slowed down.")},
	{.name = "memory", VALUE(SIZE), AT(config, limits.memory_bytes), DEFAULT("1GiB"), RANGE(MIB(1), GIB(1024)),
	 SAYS("All queues, buffers and half-read stanzas together.")},
	{.name = "stanza-rate", VALUE(RATE), AT(config, limits.stanzas_per_second), DEFAULT("0"), OR_NONE,
	 SAYS("Stanzas from one peer.")},
	{.name = "bytes-rate", VALUE(BYTE_RATE), AT(config, limits.bytes_per_second), DEFAULT("0"), OR_NONE,
	 SAYS("Bytes from one peer.")},
};
SECTION_OF(LIMITS_SECTION, "limits", LIMITS_OPTIONS);

static const struct option QUEUE_OPTIONS[] = {
	{.name = "hold", VALUE(DURATION), AT(config, limits.hold_ms), DEFAULT("1h"), RANGE(SECONDS(1), DAYS(365)),
	 SAYS("How long a message waits on disk for a target that is away; in memory at most 30 s.")},
	{.name = "spool-size", VALUE(SIZE), AT(config, limits.spool_bytes), DEFAULT("1GiB"), RANGE(MIB(1), GIB(1024)),
	 SAYS("What may wait on disk, all together.")},
	{.name = "drain-timeout", VALUE(DURATION), AT(config, limits.drain_timeout_ms), DEFAULT("10s"),
	 RANGE(MS(0), SECONDS(600)),
	 SAYS("How long a stop waits for queues to empty.")},
};
SECTION_OF(QUEUE_SECTION, "queue", QUEUE_OPTIONS);

static const struct option CONFIG_OPTIONS[] = {
	{.name = "trunk", VALUE(DOMAIN), AT(config, trunk), REQUIRED, SAYS("The domain of this trunk itself.")},
	{.name = "include", LIST(PATH), NONEMPTY, OTHERWISE("none"),
	 SAYS("Further files; spokes, zones, filters, modules, rules and clearances add up, all else may stand in one file "
	      "only.")},
	{.name = "listen", LIST(ENDPOINT), AT_LIST(config, listen, listen_count), .port = 5269,
	 DEFAULT("[\"0.0.0.0:5269\", \"[::]:5269\"]"),
	 SAYS("Addresses and ports where streams are accepted that begin in plain text and go on by STARTTLS.")},
	{.name = "listen-tls", LIST(ENDPOINT), AT_LIST(config, listen_tls, listen_tls_count), .port = 5270, OTHERWISE("none"),
	 SAYS("Addresses and ports where streams are accepted that are TLS from the first byte (XEP-0368).")},
	{.name = "source", LIST(SOURCE), AT_LIST(config, sources, source_count), OTHERWISE("as the system chooses"),
	 SAYS("Outgoing addresses, at most one of each family is used.")},
	{.name = "gateway-domains", VALUE(GATEWAYS), OTHERWISE("none"),
	 SAYS("Domains that are trunked with nothing else said about them, each a spoke of that name: a list, or in one text "
	      "with commas "
	      "(the property xmpp.gateway.domains of Openfire).")},
	{.name = "spokes", MAP(SPOKE_SECTION), OTHERWISE("none"),
	 SAYS("The peers that reach their domains through us, each under a name of your choice.")},
	{.name = "zones", MAP(ZONE_SECTION), OTHERWISE("one, \"default\""),
	 SAYS("Groups of peers. Within a zone stanzas pass, between zones they are rejected, unless a rule says otherwise.")},
	{.name = "rules", ROWS(RULE_SECTION), OTHERWISE("none"), SAYS("Read in order; the first that fits decides.")},
	{.name = "dns", SECTION(DNS_SECTION), SAYS("Who is asked for the servers of a domain.")},
	{.name = "dns-override", VALUE(OVERRIDES), OTHERWISE("none"),
	 SAYS("Where domains are found instead: {domain,host:port},{*.suffix,host} (the property dnsutil.dnsOverride of "
	      "Openfire).")},
	{.name = "tls", SECTION(TLS_SECTION), SAYS("What peers must show, and what they are shown.")},
	{.name = "auth", VALUE(AUTH), .words = WORDS_AUTH, AT(config, trust), NONEMPTY, DEFAULT("[external, dialback]"),
	 SAYS("Proofs that are offered and accepted.")},
	{.name = "limits", SECTION(LIMITS_SECTION), SAYS("What peers may cost.")},
	{.name = "queue", SECTION(QUEUE_SECTION), SAYS("Stanzas that wait.")},
	{.name = "audit", SECTION(AUDIT_SECTION), SAYS("The record of every verdict.")},
	{.name = "log", SECTION(LOG_SECTION), SAYS("What goes to standard error.")},
	{.name = "contacts", VALUE(CONTACTS), .words = WORDS_CONTACT, OTHERWISE("none"),
	 SAYS("Who answers for the trunk (XEP-0157): kinds such as abuse, admin or security, each with URIs (mailto:, xmpp:, "
	      "https:).")},
	{.name = "state", VALUE(PATH), AT(config, state), DEFAULT("/var/lib/trunkd"),
	 SAYS("Folder of the dialback secret, made certificates and the audit.")},
	{.name = "control", VALUE(PATH), AT(config, control), DEFAULT("/run/trunkd/control.sock"),
	 SAYS("Socket for trunkctl.")},
	{.name = "control-group", VALUE(NAME), AT(config, control_group), OTHERWISE("the daemon's own"),
	 SAYS("Group that may use the control socket.")},
	{.name = "user", VALUE(NAME), AT(config, user), OTHERWISE("stays who it is"),
	 SAYS("Who the daemon becomes after binding its ports, when it was started as root.")},
	{.name = "sandbox", VALUE(BOOL), AT(config, is_sandboxed), DEFAULT("true"),
	 SAYS("Once all is open, system calls that the daemon does not need are refused; only for modules that need more is it "
	      "turned off, by a restart.")},
	{.name = "workers", VALUE(NUMBER), AT(config, workers), DEFAULT("0"), RANGE(1, 64), OR_NONE,
	 SAYS("Threads that move stanzas; 0: one for each core. A target domain, with all links to it, belongs to one of them.")},
	{.name = "http", VALUE(ENDPOINT), LATER, .port = 5280, OTHERWISE("none"),
	 SAYS("Address and port of metrics, health and dashboard.")},
	{.name = "clearances", ROWS(CLEARANCE_SECTION), OTHERWISE("none"), SAYS("Clearances of single addresses.")},
	{.name = "labels", SECTION(LABELS_SECTION), SAYS("Security labels (XEP-0258).")},
	{.name = "filters", MAP(FILTER_SECTION), OTHERWISE("none"), SAYS("Lua scripts that rules may ask.")},
	{.name = "modules", MAP(MODULE_SECTION), OTHERWISE("none"), SAYS("Shared objects that rules may ask.")},
};
const struct section CONFIG_SECTION = {.path = "", .options = CONFIG_OPTIONS, .count = COUNT(CONFIG_OPTIONS)};
