/* SPDX-License-Identifier: Apache-2.0
 * How stanzas stand on disk: lengths, checksums, and what is believed of bytes that were read back. */
#include "spool/spool_internal.h"

static const char MAGIC[16] = "trunkd spool 1\n";
static const uint32_t BATCH_MAGIC = 0x42535431;

/* CRC-32C (RFC 3720 §12.1), eight bytes at a time. The tables are made once, before there is a second thread. */
static uint32_t crc_table[8][256];

static void crc_prepare(void)
{
	if (crc_table[0][1])
		return;
	for (uint32_t i = 0; i < 256; i++) {
		uint32_t crc = i;

		for (int bit = 0; bit < 8; bit++)
			crc = crc & 1 ? crc >> 1 ^ 0x82f63b78u : crc >> 1;
		crc_table[0][i] = crc;
	}
	for (uint32_t i = 0; i < 256; i++)
		for (int t = 1; t < 8; t++)
			crc_table[t][i] = crc_table[t - 1][i] >> 8 ^ crc_table[0][crc_table[t - 1][i] & 0xff];
}

static uint32_t crc_of(uint32_t salt, const char *at, size_t len)
{
	uint32_t crc = ~salt;
	uint64_t word;

	for (; len >= 8; at += 8, len -= 8) {
		memcpy(&word, at, 8);
		word ^= crc;
		crc = crc_table[7][word & 0xff] ^ crc_table[6][word >> 8 & 0xff] ^ crc_table[5][word >> 16 & 0xff] ^
		      crc_table[4][word >> 24 & 0xff] ^ crc_table[3][word >> 32 & 0xff] ^ crc_table[2][word >> 40 & 0xff] ^
		      crc_table[1][word >> 48 & 0xff] ^ crc_table[0][word >> 56];
	}
	for (; len > 0; at++, len--)
		crc = crc >> 8 ^ crc_table[0][(crc ^ (unsigned char)*at) & 0xff];
	return ~crc;
}

/* Numbers lie as this machine has them: a spool does not travel. */
struct record_head {
	uint32_t crc;                   /* of all behind it, to the record's end */
	uint32_t body_len;
	uint64_t id;
	int64_t wall_ms;
	uint16_t sender_len, target_len;
	uint8_t type, proof_in;
	uint16_t zero;
};
_Static_assert(sizeof(struct record_head) == RECORD_HEAD_BYTES, "no gaps");

struct batch_head {
	uint32_t magic, number, len, crc;
};
_Static_assert(sizeof(struct batch_head) == BATCH_HEAD_BYTES, "no gaps");

struct segment_head {
	char magic[sizeof(MAGIC)];
	uint32_t salt, crc;
};
_Static_assert(sizeof(struct segment_head) == SEGMENT_HEAD_BYTES, "no gaps");

size_t record_len(const struct record *record)
{
	return RECORD_HEAD_BYTES + record->pair.sender.len + record->pair.target.len + record->body.len;
}

static char *put(char *at, struct str s)
{
	if (s.len)
		memcpy(at, s.at, s.len);
	return at + s.len;
}

void record_write(const struct record *record, char *at)
{
	const struct record_head head = {
		.body_len = (uint32_t)record->body.len, .id = record->id, .wall_ms = record->wall_ms,
		.sender_len = (uint16_t)record->pair.sender.len, .target_len = (uint16_t)record->pair.target.len,
		.type = (uint8_t)record->type, .proof_in = (uint8_t)record->proof_in,
	};

	at = put(at, str_make((const char *)&head, sizeof(head)));
	at = put(put(at, record->pair.sender), record->pair.target);
	put(at, record->body);
}

void records_seal(uint32_t salt, char *at, size_t len)
{
	struct record_head head;

	for (size_t size; len > 0; at += size, len -= size) {
		memcpy(&head, at, sizeof(head));
		size = sizeof(head) + head.sender_len + head.target_len + head.body_len;
		head.crc = crc_of(salt, at + sizeof(head.crc), size - sizeof(head.crc));
		memcpy(at, &head.crc, sizeof(head.crc));
	}
}

static bool is_sane(const struct record_head *head)
{
	if (head->id == 0 || head->id == UINT64_MAX)            /* never given: nothing would come before the one, or behind the other */
		return false;
	if (head->type == RECORD_REMOVAL)
		return head->sender_len == 0 && head->target_len == 0 && head->body_len == 0;
	return head->type == RECORD_STANZA && head->sender_len > 0 && head->sender_len < DOMAIN_SIZE && head->target_len > 0 &&
	       head->target_len < DOMAIN_SIZE && head->proof_in >= PROOF_NONE && head->proof_in <= PROOF_DIALBACK_CERTIFICATE;
}

int record_read(uint32_t salt, struct str in, struct record *ret_record)
{
	struct record_head head;
	size_t len;

	crc_prepare();
	if (in.len < sizeof(head))
		return TRUNK_EINVAL;
	memcpy(&head, in.at, sizeof(head));
	len = sizeof(head) + head.sender_len + head.target_len + (size_t)head.body_len;
	if (len > in.len || crc_of(salt, in.at + sizeof(head.crc), len - sizeof(head.crc)) != head.crc || !is_sane(&head))
		return TRUNK_EINVAL;
	in.at += sizeof(head);
	*ret_record = (struct record){
		.type = (enum record_type)head.type, .proof_in = (enum proof)head.proof_in, .id = head.id, .wall_ms = head.wall_ms,
		.pair = {str_make(in.at, head.sender_len), str_make(in.at + head.sender_len, head.target_len)},
		.body = str_make(in.at + head.sender_len + head.target_len, head.body_len), .len = len,
	};
	return 0;
}

void batch_head_write(uint32_t salt, uint32_t number, uint32_t len, char at[static BATCH_HEAD_BYTES])
{
	struct batch_head head = {.magic = BATCH_MAGIC, .number = number, .len = len};

	crc_prepare();
	head.crc = crc_of(salt, (const char *)&head, offsetof(struct batch_head, crc));
	memcpy(at, &head, sizeof(head));
}

int batch_head_read(uint32_t salt, struct str in, uint32_t number, uint32_t *ret_len)
{
	struct batch_head head;

	crc_prepare();
	if (in.len < sizeof(head))
		return TRUNK_EINVAL;
	memcpy(&head, in.at, sizeof(head));
	if (head.magic != BATCH_MAGIC || head.number != number || head.crc != crc_of(salt, in.at, offsetof(struct batch_head, crc)))
		return TRUNK_EINVAL;
	*ret_len = head.len;
	return 0;
}

void segment_head_write(uint32_t salt, char at[static SEGMENT_HEAD_BYTES])
{
	struct segment_head head = {.salt = salt};

	crc_prepare();
	memcpy(head.magic, MAGIC, sizeof(MAGIC));
	head.crc = crc_of(0, (const char *)&head, offsetof(struct segment_head, crc));
	memcpy(at, &head, sizeof(head));
}

int segment_head_read(struct str in, uint32_t *ret_salt)
{
	struct segment_head head;

	crc_prepare();
	if (in.len < sizeof(head))
		return TRUNK_EINVAL;
	memcpy(&head, in.at, sizeof(head));
	if (memcmp(head.magic, MAGIC, sizeof(MAGIC)) != 0 || head.crc != crc_of(0, in.at, offsetof(struct segment_head, crc)))
		return TRUNK_EINVAL;
	*ret_salt = head.salt;
	return 0;
}
