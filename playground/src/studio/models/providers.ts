// The providers that the form offers, with the help that each needs.

import type { LlmProvider } from '../api/operations';

export interface Offer {
  key: string;
  label: string;
  provider: LlmProvider;
  /** Where it is; undefined where the server knows. */
  baseUrl?: string;
  /** Whether the form asks where it is. */
  asksBaseUrl?: boolean;
  apiKey: 'none' | 'optional' | 'needed';
  /** Where a person gets the key. */
  keyHelp?: string;
  /** The variable that usually holds the key. */
  variable?: string;
  modelExample: string;
  /** What a person should know before choosing it. */
  note: string;
}

/** What of the tables leaves the house. */
const sends = (to: string) =>
  `Gloss sends names, types and comments of your tables to ${to}, and sample values only if a run allows it.`;

export const OFFERS: Offer[] = [
  {
    key: 'openai',
    label: 'OpenAI',
    provider: 'OPENAI',
    apiKey: 'needed',
    keyHelp: 'platform.openai.com, API keys',
    variable: 'OPENAI_API_KEY',
    modelExample: 'gpt-4.1-mini',
    note: sends('OpenAI'),
  },
  {
    key: 'anthropic',
    label: 'Anthropic',
    provider: 'ANTHROPIC',
    apiKey: 'needed',
    keyHelp: 'console.anthropic.com, API keys',
    variable: 'ANTHROPIC_API_KEY',
    modelExample: 'claude-haiku-5-5',
    note: sends('Anthropic'),
  },
  {
    key: 'gemini',
    label: 'Google Gemini',
    provider: 'GEMINI',
    apiKey: 'needed',
    keyHelp: 'aistudio.google.com, Get API key',
    variable: 'GEMINI_API_KEY',
    modelExample: 'gemini-2.5-flash',
    note: sends('Google'),
  },
  {
    key: 'deepseek',
    label: 'DeepSeek',
    provider: 'DEEPSEEK',
    apiKey: 'needed',
    keyHelp: 'platform.deepseek.com, API keys',
    variable: 'DEEPSEEK_API_KEY',
    modelExample: 'deepseek-flash',
    note: sends('DeepSeek'),
  },
  {
    key: 'openrouter',
    label: 'OpenRouter',
    provider: 'OPENROUTER',
    apiKey: 'needed',
    keyHelp: 'openrouter.ai, Keys',
    variable: 'OPENROUTER_API_KEY',
    modelExample: 'meta-llama/llama-3.3-70b-instruct',
    note:
      'One key for the models of many providers; the name has the provider before the slash. ' +
      sends('OpenRouter'),
  },
  {
    key: 'groq',
    label: 'Groq',
    provider: 'GROQ',
    apiKey: 'needed',
    keyHelp: 'console.groq.com, API Keys',
    variable: 'GROQ_API_KEY',
    modelExample: 'llama-3.3-70b-versatile',
    note: `Free keys have low rate limits: set the requests a minute below. ${sends('Groq')}`,
  },
  {
    key: 'ollama',
    label: 'Ollama',
    provider: 'OLLAMA',
    baseUrl: 'http://127.0.0.1:11434/v1',
    asksBaseUrl: true,
    apiKey: 'none',
    modelExample: 'qwen3:8b',
    note: 'Runs on your own machine; nothing leaves it. Pull the model first: ollama pull qwen3:8b.',
  },
  {
    key: 'compatible',
    label: 'Another endpoint',
    provider: 'OPENAI_COMPATIBLE',
    asksBaseUrl: true,
    apiKey: 'optional',
    modelExample: 'the name that the endpoint knows',
    note:
      'Anything that speaks OpenAI’s chat completions: vLLM, llama.cpp, LM Studio, LiteLLM, Azure. ' +
      sends('the endpoint'),
  },
  {
    key: 'builtin',
    label: 'Builtin describer',
    provider: 'BUILTIN',
    apiKey: 'none',
    modelExample: 'builtin',
    note: 'Part of Gloss: no key, no network, no cost. It says little rather than guess.',
  },
];

export const PROVIDERS: Record<LlmProvider, string> = {
  BUILTIN: 'Builtin describer',
  OPENAI: 'OpenAI',
  ANTHROPIC: 'Anthropic',
  GEMINI: 'Google Gemini',
  DEEPSEEK: 'DeepSeek',
  OPENROUTER: 'OpenRouter',
  GROQ: 'Groq',
  OLLAMA: 'Ollama',
  OPENAI_COMPATIBLE: 'OpenAI-compatible',
};

const withoutSlash = (url: string) => url.replace(/\/+$/, '');

/** The offer that a saved profile was made from; undefined where the form offers nothing of the kind. */
export function offerOf({ provider, baseUrl }: { provider: LlmProvider; baseUrl: string | null }): Offer | undefined {
  const same = OFFERS.filter((offer) => offer.provider === provider);
  const known = same.find((offer) => offer.baseUrl && baseUrl && withoutSlash(offer.baseUrl) === withoutSlash(baseUrl));
  return known ?? same.find((offer) => offer.baseUrl === undefined) ?? same[0];
}

/** What a profile's provider is called in lists. */
export function providerName(profile: { provider: LlmProvider; baseUrl: string | null }): string {
  const offer = offerOf(profile);
  return offer && offer.key !== 'compatible' ? offer.label : PROVIDERS[profile.provider];
}
