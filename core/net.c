/* net.c - IP networks: read, written, compared */
#include "core/net.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include "core/num.h"

static const unsigned char mapped[12] = { [10] = 0xff, [11] = 0xff };

static void set_4(struct net *net, const void *ip)
{
	memcpy(net->ip, mapped, sizeof(mapped));
	memcpy(net->ip + sizeof(mapped), ip, 4);
}

bool net_of(const struct sockaddr *address, struct net *out)
{
	*out = (struct net){ .bits = 8 * NET_IP };
	if (address->sa_family == AF_INET)
		set_4(out, &((const struct sockaddr_in *)address)->sin_addr);
	else if (address->sa_family == AF_INET6)
		memcpy(out->ip, &((const struct sockaddr_in6 *)address)->sin6_addr, NET_IP);
	else
		return false;
	return true;
}

void net_cut(struct net *net, unsigned bits)
{
	if (bits >= net->bits)
		return;
	net->bits = (uint8_t)bits;
	if (bits % 8)
		net->ip[bits / 8] &= (unsigned char)(0xff << (8 - bits % 8));
	for (unsigned i = (bits + 7) / 8; i < NET_IP; i++)
		net->ip[i] = 0;
}

bool net_is_4(const struct net *net)
{
	return net->bits >= NET_BITS_4 && memcmp(net->ip, mapped, sizeof(mapped)) == 0;
}

bool net_of_peer(const struct sockaddr *peer, unsigned bits4, unsigned bits6, struct net *out)
{
	if (!net_of(peer, out))
		return false;
	net_cut(out, net_is_4(out) ? NET_BITS_4 + bits4 : bits6);
	return true;
}

/* --- text --- */

static bool read_ip(struct slice text, struct net *out)
{
	char z[INET6_ADDRSTRLEN];
	unsigned char four[4];

	if (text.n == 0 || text.n >= sizeof(z) || slice_chr(text, '\0') >= 0)
		return false;
	memcpy(z, text.p, text.n);
	z[text.n] = '\0';
	*out = (struct net){ .bits = 8 * NET_IP };
	if (inet_pton(AF_INET, z, four) != 1)
		return inet_pton(AF_INET6, z, out->ip) == 1;
	set_4(out, four);
	return true;
}

bool net_parse(struct slice text, struct net *out)
{
	struct slice ip = slice_cut(&text, '/');
	uint64_t bits;

	if (!read_ip(ip, out))
		return false;
	if (!text.p)
		return true;
	unsigned before = slice_chr(ip, ':') < 0 ? NET_BITS_4 : 0;
	if (!num_u64(text, 8 * NET_IP - before, &bits))
		return false;
	net_cut(out, before + (unsigned)bits);
	return true;
}

void net_text(const struct net *net, struct buf *out)
{
	char z[INET6_ADDRSTRLEN];
	bool four = net_is_4(net);
	unsigned before = four ? NET_BITS_4 : 0;

	inet_ntop(four ? AF_INET : AF_INET6, net->ip + before / 8, z, sizeof(z));
	buf_addz(out, z);
	if (net->bits < 8 * NET_IP)
		buf_printf(out, "/%u", net->bits - before);
}

/* --- comparing --- */

bool net_has(const struct net *net, const struct net *inner)
{
	struct net cut = *inner;

	if (inner->bits < net->bits || (net->bits < NET_BITS_4 && net_is_4(inner)))
		return false;
	net_cut(&cut, net->bits);
	return memcmp(cut.ip, net->ip, NET_IP) == 0;
}

static struct slice next_word(struct slice *list)
{
	while (list->n > 0 && strchr(" \t,", list->p[0]))
		*list = slice_from(*list, 1);
	size_t n = 0;
	while (n < list->n && !strchr(" \t,", list->p[n]))
		n++;
	struct slice word = slice_head(*list, n);
	*list = slice_from(*list, n);
	return word;
}

bool nets_have(struct slice list, const struct sockaddr *address)
{
	struct net one, net;
	struct slice word;

	if (!net_of(address, &one))
		return false;
	while ((word = next_word(&list)).n > 0)
		if (net_parse(word, &net) && net_has(&net, &one))
			return true;
	return false;
}

struct slice nets_fault(struct slice list)
{
	struct net net;
	struct slice word;

	while ((word = next_word(&list)).n > 0)
		if (!net_parse(word, &net))
			return word;
	return (struct slice){ 0 };
}

int nets_check(struct slice list, struct err *err)
{
	struct slice fault = nets_fault(list);

	return fault.n == 0 ? 0 : err_set(err, ERR_INPUT, "'%.*s' is no network", SLICE_ARG(fault));
}
