/* dnsbl.c - ask the lists, all at the same time */
#include "protocols/smtp/dnsbl.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>

#include "core/dns.h"
#include "core/net.h"

CONF_KEY(dnsbl_timeout) = {
	.name = "dnsbl.timeout",
	.type = CONF_DURATION,
	.def = "5s",
	.min = 100,
	.max = 60000,
	.help = "how long DNS lists are waited for; one that does not answer has no say",
};

enum { WHY_MAX = 200 };

/* RFC 5782 2.1: octets backwards; 2.4: the same with the digits of IPv6. */
static bool dnsbl_name(const struct dnsbl *list, const struct sockaddr *address, struct buf *out)
{
	struct net net;

	if (!net_of(address, &net) || (net_is_4(&net) ? list->only_6 : list->only_4))
		return false;
	for (int i = NET_IP - 1; i >= (net_is_4(&net) ? NET_BITS_4 / 8 : 0); i--)
		if (net_is_4(&net))
			buf_printf(out, "%u.", net.ip[i]);
		else
			buf_printf(out, "%x.%x.", net.ip[i] & 15U, net.ip[i] >> 4);
	buf_addz(out, list->zone);
	return true;
}

static bool is_code(const struct dnsbl_code *code, const unsigned char ip[4])
{
	for (unsigned i = 0; i < 4; i++)
		if (ip[i] < code->from[i] || ip[i] > code->to[i])
			return false;
	return true;
}

/* RFC 5782 2.1: answers are in 127/8; of a zone that was given up somebody may answer
   anything. 127.255.255.x is by custom "you may not ask so". */
static bool dnsbl_counts(const struct dnsbl *list, struct slice rr)
{
	const unsigned char *ip = (const unsigned char *)rr.p;

	if (rr.n != 4 || ip[0] != 127)
		return false;
	if (list->n_codes == 0)
		return !(ip[1] == 255 && ip[2] == 255);
	for (size_t i = 0; i < list->n_codes; i++)
		if (is_code(&list->codes[i], ip))
			return true;
	return false;
}

static void judge(const struct dns_question *question, struct dnsbl_result *result)
{
	if (question->status == DNS_FAILED)
		result->state = DNSBL_UNKNOWN;
	if (question->status != DNS_FOUND)
		return;
	for (size_t i = 0; i < question->answer.n; i++) {
		struct slice rr = question->answer.rr[i];
		if (!dnsbl_counts(result->list, rr))
			continue;
		result->state = DNSBL_LISTED;
		inet_ntop(AF_INET, rr.p, result->code, sizeof(result->code));
		return;
	}
}

size_t dnsbl_ask(const struct dnsbl *lists, size_t n, const struct sockaddr *address,
    struct pool *pool, struct dnsbl_result out[DNSBL_MAX])
{
	struct dns_question questions[DNSBL_MAX];
	struct buf name = { 0 };
	size_t asked = 0;

	for (size_t i = 0; i < n && i < DNSBL_MAX; i++) {
		buf_clear(&name);
		if (!dnsbl_name(&lists[i], address, &name))
			continue;
		questions[asked] = (struct dns_question){
			.name = pool_slice(pool, buf_slice(&name)),
			.type = DNS_A,
		};
		out[asked++] = (struct dnsbl_result){ .list = &lists[i] };
	}
	buf_done(&name);
	dns_ask_all(questions, asked, (uint64_t)conf_num(&conf_key_dnsbl_timeout), pool);
	for (size_t i = 0; i < asked; i++)
		judge(&questions[i], &out[i]);
	return asked;
}

/* The strings of a TXT record one behind another, of what can be printed. */
static struct slice read_txt(struct slice rr, struct pool *pool)
{
	struct buf text = { 0 };

	while (rr.n > 0) {
		size_t n = (unsigned char)rr.p[0];
		struct slice part = slice_head(slice_from(rr, 1), n);

		for (size_t i = 0; i < part.n && text.n < WHY_MAX; i++)
			buf_addc(&text, part.p[i] >= ' ' && part.p[i] < 0x7f ? part.p[i] : '?');
		rr = slice_from(rr, 1 + n);
	}
	struct slice out = pool_slice(pool, slice_trim(buf_slice(&text)));
	buf_done(&text);
	return out;
}

struct slice dnsbl_why(const struct dnsbl *list, const struct sockaddr *address, struct pool *pool)
{
	struct dns_question question = { .type = DNS_TXT };
	struct buf name = { 0 };

	if (!dnsbl_name(list, address, &name))
		return SLICE("");
	question.name = pool_slice(pool, buf_slice(&name));
	buf_done(&name);
	dns_ask_all(&question, 1, (uint64_t)conf_num(&conf_key_dnsbl_timeout), pool);
	if (question.status != DNS_FOUND || question.answer.n == 0)
		return SLICE("");
	return read_txt(question.answer.rr[0], pool);
}
