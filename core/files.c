/* files.c - find a file that is part of the program */
#include "core/files.h"

const struct file *files_find(struct slice name)
{
	size_t low = 0, high = files_table_n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int cmp = slice_cmp(name, slice_str(files_table[middle].name));
		if (cmp == 0)
			return &files_table[middle];
		if (cmp < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return NULL;
}
