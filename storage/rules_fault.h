/* rules_fault.h - private to storage/rules*.c */
#ifndef STORAGE_RULES_FAULT_H
#define STORAGE_RULES_FAULT_H

#include "storage/rules.h"

/* Keep it for the account's owner. The same one again within some minutes is
   not written again, so that a rule that always fails costs little. */
void rules_fault_note(
    const struct rules_account *account, enum script_scope level, struct slice why);

#endif
