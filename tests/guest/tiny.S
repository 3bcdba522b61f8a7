# The smallest guest that does what it is asked: a boot sector. It powers off when its button is pressed, lets go of every PCI
# device it is asked for, and sleeps otherwise. It is there as soon as the firmware is, where a kernel takes seconds.
# For machines of type q35 with SeaBIOS.
#
# @source ICH9 datasheet, power management registers; QEMU docs/specs/acpi_pci_hotplug, I/O ports on ICH9; hw/isa/lpc_ich9.c
.set PM1_STATUS, 0x600          # where SeaBIOS puts the power management registers
.set PM1_ENABLE, PM1_STATUS + 2
.set PM1_CONTROL, PM1_STATUS + 4
.set POWER_BUTTON, 1 << 8
.set SLEEP_OFF, 1 << 13         # sleep enable, type 0: soft off
.set HOTPLUG, 0xcc0
.set HOTPLUG_DOWN, HOTPLUG + 4  # the slots of the selected bus whose device shall go
.set HOTPLUG_EJECT, HOTPLUG + 8
.set HOTPLUG_BUS, HOTPLUG + 16  # selects a bus
.set BUSES, 32
.set SERIAL, 0x3f8

.code16
.globl _start
_start:
  movw $SERIAL, %dx
  movw $ready, %si
say:
  lodsb %cs:(%si), %al
  testb %al, %al
  jz listen
  outb %al, %dx
  jmp say

listen:
  movw $PM1_ENABLE, %dx
  movw $POWER_BUTTON, %ax
  outw %ax, %dx

rest:
  sti
  hlt                           # until the timer's next tick, 55 ms
  movw $PM1_STATUS, %dx
  inw %dx, %ax
  testw $POWER_BUTTON, %ax
  jz eject
  movw $PM1_CONTROL, %dx
  movw $SLEEP_OFF, %ax
  outw %ax, %dx

eject:
  xorl %ecx, %ecx
next_bus:
  movw $HOTPLUG_BUS, %dx
  movl %ecx, %eax
  outl %eax, %dx
  movw $HOTPLUG_DOWN, %dx
  inl %dx, %eax
  testl %eax, %eax
  jz done
  movw $HOTPLUG_EJECT, %dx
  outl %eax, %dx
done:
  incl %ecx
  cmpl $BUSES, %ecx
  jb next_bus
  jmp rest

ready:
  .asciz "ready\r\n"

.org 510
  .word 0xaa55
