import { ikrypt, type ProcessResult } from './programs';
import type { Links } from './secrets';
import type { Server } from './server';

/** Runs `ikrypt send`, and returns the links and the standard error. */
export async function sendFromTerminal(
  { origin }: Pick<Server, 'origin'>,
  args: string[],
  options: Parameters<typeof ikrypt>[1] = {},
): Promise<Links & { stderr: string }> {
  const { status, stdout, stderr } = await ikrypt(['send', '--server', origin, ...args], options);
  if (status !== 0) throw new Error(`ikrypt send: exit code ${status}\n${stderr}`);
  const receipt = /^Receipt, for you: (\S+)$/m.exec(stderr)?.[1] ?? '';
  return { link: stdout.toString().trim(), receipt, stderr };
}

/** Returns the exit code and the standard output of a program. */
export const exitAndOutput = ({ status, stdout }: ProcessResult) => ({ status, output: stdout.toString() });
