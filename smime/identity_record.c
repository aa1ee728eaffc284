/* identity_record.c - how identities are stored
 *
 *	i NUMBER    version, when it was added, length of the key, locked key, chain */
#include "smime/identity_record.h"

#include "core/num.h"

enum { VERSION = 1, HEADER = 1 + 8 + 4 };

void identity_key(uint32_t number, char out[IDENTITY_KEY])
{
	out[0] = 'i';
	num_put32((unsigned char *)out + 1, number);
}

void identity_write(const struct identity *identity, struct buf *out)
{
	unsigned char header[HEADER] = { VERSION };

	num_put64(header + 1, (uint64_t)identity->added);
	num_put32(header + 9, (uint32_t)identity->key.n);
	buf_add(out, header, sizeof(header));
	buf_adds(out, identity->key);
	buf_adds(out, identity->chain);
}

bool identity_read(struct slice key, struct slice value, struct identity *out)
{
	const unsigned char *p = (const unsigned char *)value.p;

	if (key.n != IDENTITY_KEY || key.p[0] != 'i' || value.n < HEADER || p[0] != VERSION ||
	    num_get32(p + 9) > value.n - HEADER)
		return false;
	out->number = num_get32((const unsigned char *)key.p + 1);
	out->added = (int64_t)num_get64(p + 1);
	out->key = slice_head(slice_from(value, HEADER), num_get32(p + 9));
	out->chain = slice_from(value, HEADER + out->key.n);
	return true;
}
