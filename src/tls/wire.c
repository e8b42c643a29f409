/* SPDX-License-Identifier: Apache-2.0
 * The BIO between a session and the buffers of its current call: nothing is kept in between that need not be. */
#include "tls/session.h"

static int wire_read(BIO *bio, char *at, size_t len, size_t *ret_got)
{
	struct wire *wire = BIO_get_data(bio);
	struct str from = buf_len(&wire->held) ? buf_str(&wire->held) : wire->in;
	const size_t got = from.len < len ? from.len : len;

	BIO_clear_retry_flags(bio);
	if (got == 0) {
		BIO_set_retry_read(bio);
		return 0;
	}
	memcpy(at, from.at, got);
	if (buf_len(&wire->held))
		buf_drop(&wire->held, got);
	else
		wire->in = str_from(wire->in, got);
	*ret_got = got;
	return 1;
}

static int wire_write(BIO *bio, const char *at, size_t len, size_t *ret_put)
{
	struct wire *wire = BIO_get_data(bio);

	BIO_clear_retry_flags(bio);
	if (!wire->out)
		wire->err = TRUNK_EINVAL;
	else if (wire->err == 0)
		wire->err = buf_add(wire->out, str_make(at, len));
	if (wire->err < 0)
		return 0;
	*ret_put = len;
	return 1;
}

static long wire_ctrl(BIO *bio, int command, long number, void *at)
{
	(void)bio, (void)number, (void)at;
	return command == BIO_CTRL_FLUSH;
}

BIO_METHOD *wire_new(void)
{
	BIO_METHOD *method = BIO_meth_new(BIO_TYPE_SOURCE_SINK | 0x7e, "trunk wire");

	if (!method || !BIO_meth_set_read_ex(method, wire_read) || !BIO_meth_set_write_ex(method, wire_write) ||
	    !BIO_meth_set_ctrl(method, wire_ctrl)) {
		BIO_meth_free(method);
		return NULL;
	}
	return method;
}
