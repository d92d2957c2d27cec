import type { Json } from '#libs/kernel';
import { type Definition, type Problem, quoted, type TemplateField } from './definition.ts';

/** The forms of keys that providers and we ourselves hand out. */
const KEY_FORMS = [
  /\bhg[psftcriwb]_[0-9A-Za-z]{12}_[0-9A-Za-z]{49}\b/,
  /\bsk-[A-Za-z0-9_-]{20,}/,
  /\bAKIA[0-9A-Z]{16}\b/,
  /\bAIza[0-9A-Za-z_-]{35}\b/,
  /\bgh[pousr]_[0-9A-Za-z]{36,}\b/,
  /\bxox[abprs]-[0-9A-Za-z-]{10,}/,
  /-----BEGIN [A-Z ]*PRIVATE KEY-----/,
];

/** Secrets that stand in a definition itself, where everyone who may read the flow reads them. */
export function findSecretLiterals(definition: Definition): Problem[] {
  return definition.nodes.flatMap((node) =>
    [...node.fields]
      .filter(([, field]) => isSecret(field))
      .map(([name]) => ({
        node: node.id,
        pointer: `${node.pointer}/data/node/template/${name.replaceAll('~', '~0').replaceAll('/', '~1')}/value`,
        detail: `The field "${quoted(name)}" of "${quoted(node.displayName)}" (${quoted(node.id)}) holds a secret: make a secret variable of it and name the variable in the field, with load_from_db true.`,
      })),
  );
}

function isSecret({ value, password, load_from_db: isName }: TemplateField): boolean {
  if (!holdsText(value)) return false;
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return (password === true && isName !== true) || KEY_FORMS.some((form) => form.test(text));
}

function holdsText(value: Json | undefined): boolean {
  if (typeof value === 'string') return value !== '';
  return typeof value === 'object' && value !== null && Object.values(value).some(holdsText);
}
