/* For LD_AUDIT, where CPUID cannot be made to trap (see no_vnni.c), as on AMD's processors.
 *
 * As a library is loaded, before any of its code runs, each CPUID in it becomes UD2, an
 * instruction that is invalid by definition and as long; the handler below answers it. Capstone
 * tells which of the bytes 0F A2 are that instruction and which lie inside of others.
 */
#define _GNU_SOURCE
#include "no_vnni.h"

#include <capstone/capstone.h>
#include <link.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define MOST 65536
#define FAR 160 /* reading begins from as far as this before the place, in bytes, */
#define NEAR 64 /* to as near as this */

static const uint8_t *patched[MOST];
static size_t count;
static csh reader;

static void answer(int number, siginfo_t *info, void *stopped) {
  const uint8_t *at = (const uint8_t *)((ucontext_t *)stopped)->uc_mcontext.gregs[REG_RIP];
  (void)info;
  for (size_t i = 0; i < count; i++)
    if (patched[i] == at) {
      answer_cpuid(stopped);
      return;
    }
  signal(number, SIG_DFL); /* a fault like any other */
}

/* Whether readings that begin shortly before `at` come to an instruction there: code read from a
 * wrong byte falls into step within a few instructions. Of the 871 places in OpenVINO, torch and
 * others 538 were reached by 99% of the readings, and 333 by none. */
static int is_instruction(const uint8_t *start, const uint8_t *at) {
  int reached = 0, tried = 0;
  cs_insn *one = cs_malloc(reader);
  for (int before = FAR; before >= NEAR; before--) {
    if (at - start < before) continue;
    const uint8_t *code = at - before;
    size_t left = before + 2;
    uint64_t address = (uint64_t)code;
    while (code < at && cs_disasm_iter(reader, &code, &left, &address, one)) continue;
    reached += code == at;
    tried += code >= at; /* else it met what is no instruction */
  }
  cs_free(one, 1);
  return 2 * reached > tried;
}

static void patch(uint8_t *start, size_t length) {
  uint8_t *end = start + length, *at = start;
  int writable = 0;
  while (at + 1 < end && (at = memmem(at, end - at, "\x0f\xa2", 2))) {
    if (is_instruction(start, at)) {
      if (count == MOST) abort();
      if (!writable && mprotect(start, length, PROT_READ | PROT_WRITE | PROT_EXEC)) abort();
      writable = 1;
      patched[count] = at;
      __atomic_add_fetch(&count, 1, __ATOMIC_RELEASE);
      at[1] = 0x0b; /* 0F 0B is UD2 */
    }
    at += 2;
  }
  if (writable) mprotect(start, length, PROT_READ | PROT_EXEC);
}

unsigned int la_version(unsigned int offered) {
  if (cs_open(CS_ARCH_X86, CS_MODE_64, &reader)) _exit(77);
  handle(SIGILL, answer);
  return offered < LAV_CURRENT ? offered : LAV_CURRENT;
}

unsigned int la_objopen(struct link_map *map, Lmid_t space, uintptr_t *cookie) {
  (void)space, (void)cookie;
  if (!strchr(map->l_name, '/')) return 0; /* the program itself, and the kernel's own code */
  const ElfW(Ehdr) *head = (const ElfW(Ehdr) *)map->l_addr;
  const ElfW(Phdr) *part = (const ElfW(Phdr) *)(map->l_addr + head->e_phoff);
  long page = sysconf(_SC_PAGESIZE);
  for (int i = 0; i < head->e_phnum; i++)
    if (part[i].p_type == PT_LOAD && part[i].p_flags & PF_X) {
      uintptr_t start = (map->l_addr + part[i].p_vaddr) & -page;
      patch((uint8_t *)start, map->l_addr + part[i].p_vaddr + part[i].p_memsz - start);
    }
  return 0;
}
