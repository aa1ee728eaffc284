/* verify_policy.c - certificate policies (RFC 5280 6.1, with the graph of RFC 9618)
 *
 * Walked from whom we trust to the leaf. A level of the graph has one node for each
 * policy that is valid there, whatever the number of ways that lead to it, so it
 * grows with the certificates and not with the paths through their mappings; and a
 * level has an end. The graph is made only where somebody asks for policies. */
#include "pki/verify_private.h"

#include <stdlib.h>

#include "pki/der.h"

enum { NODES_MAX = 128, EXPECTED_MAX = 256 };

static const struct slice any_policy = { "\x55\x1d\x20\x00", 4 };

struct node {
	struct slice policy;
	bool dead, below_any; /* one of its parents is anyPolicy */
	uint64_t parents[NODES_MAX / 64];
};

struct level {
	struct node node[NODES_MAX];
	size_t n;
	struct {
		struct slice policy; /* what node expects to be called below it */
		size_t node;
	} expected[EXPECTED_MAX];
	size_t n_expected;
};

struct graph {
	struct level level[VERIFY_PATH_MAX];
	size_t depth;
	bool empty, full;
};

/* --- nodes --- */

static struct node *node_of(struct level *level, struct slice policy)
{
	for (size_t i = 0; i < level->n; i++)
		if (!level->node[i].dead && slice_eq(level->node[i].policy, policy))
			return &level->node[i];
	return NULL;
}

static void expect(
    struct graph *g, struct level *level, const struct node *node, struct slice policy)
{
	if (level->n_expected == EXPECTED_MAX) {
		g->full = true;
		return;
	}
	level->expected[level->n_expected].policy = policy;
	level->expected[level->n_expected++].node = (size_t)(node - level->node);
}

static struct node *add_node(struct graph *g, struct level *level, struct slice policy)
{
	if (level->n == NODES_MAX) {
		g->full = true;
		return NULL;
	}
	struct node *node = &level->node[level->n++];
	*node = (struct node){ .policy = policy };
	return node;
}

static void add_parent(struct node *node, const struct level *above, size_t parent)
{
	node->parents[parent / 64] |= UINT64_C(1) << parent % 64;
	node->below_any |= slice_eq(above->node[parent].policy, any_policy);
}

static bool has_parent(const struct node *node, size_t parent)
{
	return (node->parents[parent / 64] >> parent % 64 & 1) != 0;
}

/* Make those of above that expect the policy its parents; false: there are none. */
static bool add_parents(struct node *node, const struct level *above)
{
	bool any = false;

	for (size_t i = 0; i < above->n_expected; i++)
		if (!above->node[above->expected[i].node].dead &&
		    slice_eq(above->expected[i].policy, node->policy)) {
			add_parent(node, above, above->expected[i].node);
			any = true;
		}
	return any;
}

/* --- pruning --- */

static bool has_child(const struct level *below, size_t parent)
{
	for (size_t i = 0; i < below->n; i++)
		if (!below->node[i].dead && has_parent(&below->node[i], parent))
			return true;
	return false;
}

/* What leads nowhere goes, from the last level up (RFC 5280 6.1.3 d 3). */
static void prune(struct graph *g)
{
	for (size_t k = g->depth; k-- > 0;)
		for (size_t i = 0; i < g->level[k].n; i++)
			g->level[k].node[i].dead |= !has_child(&g->level[k + 1], i);
	g->empty = true;
	for (size_t i = 0; i < g->level[g->depth].n; i++)
		g->empty &= g->level[g->depth].node[i].dead;
}

/* --- a certificate's policies (RFC 9618 5.2 d) --- */

static bool next_policy(struct slice *rest, struct slice *policy)
{
	struct slice info;

	return der_want(rest, DER_SEQUENCE, &info) && der_want(&info, DER_OID, policy);
}

static void add_named(
    struct graph *g, struct level *above, struct level *level, struct slice policy)
{
	struct node *any = node_of(above, any_policy), *node;

	if (node_of(level, policy) || !(node = add_node(g, level, policy)))
		return;
	if (!add_parents(node, above)) {
		if (!any) {
			level->n--;
			return;
		}
		add_parent(node, above, (size_t)(any - above->node));
	}
	expect(g, level, node, policy);
}

/* anyPolicy stands for all that is expected and was not named. */
static void add_all_expected(struct graph *g, struct level *above, struct level *level)
{
	for (size_t i = 0; i < above->n_expected; i++)
		if (!above->node[above->expected[i].node].dead)
			add_named(g, above, level, above->expected[i].policy);
}

static void descend(struct graph *g, const struct cert *cert, bool any_counts)
{
	struct level *above = &g->level[g->depth], *level = &g->level[++g->depth];
	struct slice rest = cert->policies, policy;
	bool any = false;

	if (rest.n == 0) {
		g->empty = true;
		return;
	}
	while (next_policy(&rest, &policy))
		if (slice_eq(policy, any_policy))
			any = true;
		else
			add_named(g, above, level, policy);
	if (any && any_counts)
		add_all_expected(g, above, level);
	prune(g);
}

/* --- mappings (RFC 5280 6.1.4 a, b) --- */

static bool next_mapping(struct slice *rest, struct slice *from, struct slice *to)
{
	struct slice pair;

	return der_want(rest, DER_SEQUENCE, &pair) && der_want(&pair, DER_OID, from) &&
	    der_want(&pair, DER_OID, to) && pair.n == 0;
}

static int check_mappings(const struct cert *cert, struct err *err)
{
	struct slice rest = cert->mappings, from, to;

	while (rest.n > 0)
		if (!next_mapping(&rest, &from, &to) || slice_eq(from, any_policy) ||
		    slice_eq(to, any_policy))
			return err_set(
			    err, ERR_INPUT, "it maps policies in a way that is not allowed");
	return 0;
}

/* A node whose policy is mapped expects what it is mapped to, and itself no more. */
static void forget_expected(struct level *level, const struct node *node)
{
	size_t kept = 0, at = (size_t)(node - level->node);

	for (size_t i = 0; i < level->n_expected; i++)
		if (level->expected[i].node != at)
			level->expected[kept++] = level->expected[i];
	level->n_expected = kept;
}

static struct node *mapped_node(struct graph *g, struct slice from)
{
	struct level *level = &g->level[g->depth];
	struct node *node = node_of(level, from), *any = node_of(level, any_policy);

	if (!node && any && (node = add_node(g, level, from)) != NULL) {
		memcpy(node->parents, any->parents, sizeof(node->parents));
		node->below_any = true;
	}
	return node;
}

static bool mapped_before(const struct cert *cert, struct slice from, struct slice till)
{
	struct slice rest = cert->mappings, other, to;

	while (rest.p != till.p && next_mapping(&rest, &other, &to) && rest.p != till.p)
		if (slice_eq(other, from))
			return true;
	return false;
}

static void map(struct graph *g, const struct cert *cert)
{
	struct level *level = &g->level[g->depth];
	struct slice rest = cert->mappings, from, to;

	while (next_mapping(&rest, &from, &to)) {
		struct node *node = mapped_node(g, from);
		if (!node)
			continue;
		if (!mapped_before(cert, from, rest))
			forget_expected(level, node);
		expect(g, level, node, to);
	}
}

static void drop_mapped(struct graph *g, const struct cert *cert)
{
	struct slice rest = cert->mappings, from, to;
	struct node *node;

	while (next_mapping(&rest, &from, &to))
		if ((node = node_of(&g->level[g->depth], from)) != NULL)
			node->dead = true;
	prune(g);
}

/* --- the walk --- */

struct walk {
	struct graph *g;	       /* NULL: nobody asks */
	size_t explicit, mapping, any; /* certificates till it counts */
};

static void lower(size_t *count, int to)
{
	if (to >= 0 && (size_t)to < *count)
		*count = (size_t)to;
}

static void count_down(size_t *count)
{
	*count -= *count > 0;
}

/* RFC 5280 6.1.3 d, e, f */
static int enter(struct walk *w, const struct cert *cert, bool last, struct err *err)
{
	bool any_counts = w->any > 0 || (!last && verify_self_issued(cert));

	if (w->g && !w->g->empty)
		descend(w->g, cert, any_counts);
	if (w->g && w->g->full)
		return err_set(err, ERR_LIMIT, "it has more policies than are looked at");
	return w->explicit > 0 || (w->g && !w->g->empty)
	    ? 0
	    : err_set(err, ERR_INPUT, "a policy is asked for, and none holds for it");
}

/* RFC 5280 6.1.4 a, b, h, i, j */
static int leave(struct walk *w, const struct cert *cert, struct err *err)
{
	if (check_mappings(cert, err) != 0)
		return -1;
	if (w->g && !w->g->empty && cert->mappings.n > 0) {
		if (w->mapping > 0)
			map(w->g, cert);
		else
			drop_mapped(w->g, cert);
	}
	if (!verify_self_issued(cert)) {
		count_down(&w->explicit);
		count_down(&w->mapping);
		count_down(&w->any);
	}
	lower(&w->explicit, cert->explicit_policy);
	lower(&w->mapping, cert->inhibit_mapping);
	lower(&w->any, cert->inhibit_any);
	return 0;
}

static bool is_wanted(const struct verify_policies *policies, struct slice policy)
{
	for (size_t i = 0; i < policies->n; i++)
		if (slice_eq(policies->wanted[i], policy) ||
		    slice_eq(policies->wanted[i], any_policy))
			return true;
	return policies->n == 0;
}

/* RFC 9618 5.4 g: is one of the wanted among those that whom we trust calls so? */
static bool wanted_holds(const struct verify_policies *policies, struct graph *g)
{
	if (g->empty)
		return false;
	if (policies->n == 0 || node_of(&g->level[g->depth], any_policy))
		return true;
	for (size_t k = 1; k <= g->depth; k++)
		for (size_t i = 0; i < g->level[k].n; i++) {
			const struct node *node = &g->level[k].node[i];
			if (!node->dead && node->below_any && is_wanted(policies, node->policy))
				return true;
		}
	return false;
}

static int wrap_up(struct walk *w, const struct verify_policies *policies, const struct cert *leaf,
    struct err *err)
{
	count_down(&w->explicit);
	if (leaf->explicit_policy == 0)
		w->explicit = 0;
	return w->explicit > 0 || (w->g && wanted_holds(policies, w->g))
	    ? 0
	    : err_set(err, ERR_INPUT, "none of the policies that are asked for holds");
}

static bool is_asked(
    const struct verify_policies *policies, const struct cert *const *path, size_t n)
{
	bool asked = policies->explicit;

	for (size_t i = 0; i + 1 < n; i++)
		asked |= path[i]->explicit_policy >= 0;
	return asked;
}

static struct graph *graph_new(void)
{
	struct graph *g = mem_get(sizeof(*g));
	struct node *root = add_node(g, &g->level[0], any_policy);

	expect(g, &g->level[0], root, any_policy);
	return g;
}

/* path[n - 1] is trusted: its own policies limit nothing (RFC 5280 6.1.1 d). */
int verify_policy(const struct verify_policies *policies, const struct cert *const *path, size_t n,
    struct err *err)
{
	struct walk w = { .g = is_asked(policies, path, n) ? graph_new() : NULL,
		.explicit = policies->explicit ? 0 : n,
		.mapping = policies->no_mapping ? 0 : n,
		.any = policies->no_any ? 0 : n };
	int rc = 0;

	for (size_t i = n - 1; rc == 0 && i-- > 0;) {
		rc = enter(&w, path[i], i == 0, err);
		if (rc == 0 && i > 0)
			rc = leave(&w, path[i], err);
	}
	if (rc == 0 && n > 1)
		rc = wrap_up(&w, policies, path[0], err);
	free(w.g);
	return rc;
}
